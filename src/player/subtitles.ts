import type { SideTrack } from '../bitstream/side-header.js';
import type { TimedPacket } from './side-data.js';

const TEXT_CODECS: ReadonlySet<string> = new Set(['mov_text', 'subrip', 'webvtt', 'text', 'ass', 'ssa']);
/** The fields of a line of ASS before its text. */
const ASS_FIELDS = 8;

/** True if the subtitles of a track are text that {@link cueText} reads. */
export function isTextTrack({ kind, codec }: SideTrack): boolean {
  return kind === 'subtitle' && TEXT_CODECS.has(codec);
}

/** Returns the text of a subtitle, with the markup of WebVTT; empty for a gap. */
export function cueText({ packet: { data } }: TimedPacket, codec: string): string {
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  if (codec === 'mov_text') {
    // 16-bit length, text, then boxes of styles.
    const length = data.length < 2 ? 0 : data[0]! * 256 + data[1]!;
    return escape(decode(data.subarray(2, 2 + length)));
  }
  const text = decode(data);
  if (codec === 'text') return escape(text);
  if (codec !== 'ass' && codec !== 'ssa') return text.trim();
  const line = text.split(',').slice(ASS_FIELDS).join(',');
  return escape(
    line
      .replace(/\{[^}]*\}/g, '')
      .replace(/\\[Nn]/g, '\n')
      .replaceAll('\\h', ' '),
  );
}

function escape(text: string): string {
  return text.trim().replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
