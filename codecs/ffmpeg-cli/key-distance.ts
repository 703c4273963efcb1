/** Adds the largest distance of key frames to the options of an encoder. */
export function withKeyDistance(
  encoder: string,
  options: Readonly<Record<string, string>>,
  keyint: number,
): Record<string, string> {
  if (encoder !== 'libvvenc') return { ...options, g: String(keyint) };
  // FFmpeg does not pass -g to VVenC. Without this parameter it places a key frame every second.
  const given = options['vvenc-params'];
  return { ...options, 'vvenc-params': [`intraperiod=${keyint}`, ...(given === undefined ? [] : [given])].join(':') };
}
