import type { CodecClip } from './codec.js';

/** Words as a shell takes them back apart. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

/** File names in commands: for people, who have other folders. */
export function outputName(clip: CodecClip, extension: string): string {
  return `${clip.name}${extension}`;
}

/** Options as `ffmpeg` takes them; its command line wants to know that a bit rate is the video's. */
export function ffmpegOptions(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [name === 'b' ? '-b:v' : `-${name}`, value]);
}
