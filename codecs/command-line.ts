import type { CodecClip } from './codec.js';

/** Returns words in a form that a shell splits again. */
export function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

/** File names for commands that people run, in other folders. */
export function outputName(clip: CodecClip, extension: string): string {
  return `${clip.name}${extension}`;
}

/** Options in the form for `ffmpeg`. Its command line needs a suffix for the bit rate of the video. */
export function ffmpegOptions(options: Readonly<Record<string, string>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [name === 'b' ? '-b:v' : `-${name}`, value]);
}
