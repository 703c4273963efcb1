/** Options of an encoder, and with them the largest distance of key frames. */
export function withKeyDistance(
  encoder: string,
  options: Readonly<Record<string, string>>,
  keyint: number,
): Record<string, string> {
  if (encoder !== 'libvvenc') return { ...options, g: String(keyint) };
  // FFmpeg does not hand it -g: without this parameter it puts a key frame into every second.
  const given = options['vvenc-params'];
  return { ...options, 'vvenc-params': [`intraperiod=${keyint}`, ...(given === undefined ? [] : [given])].join(':') };
}
