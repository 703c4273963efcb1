/**
 * Converts text subtitles between the forms of containers: SubRip and WebVTT lines, QuickTime's length-prefixed text.
 */
import type { SideTrack } from '../../bitstream/side-header.js';
import type { SidePacket } from '../../bitstream/side-packets.js';

/** A form of text subtitles that a container holds. */
export type SubtitleCodec = 'mov_text' | 'subrip' | 'webvtt';

const textCodecs: ReadonlySet<string> = new Set(['mov_text', 'subrip', 'webvtt', 'text', 'ass', 'ssa']);

/** True if a track's subtitles are text that {@link convertSubtitleTrack} understands. */
export function isTextSubtitle(track: SideTrack): boolean {
  return track.kind === 'subtitle' && textCodecs.has(track.codec);
}

/** Returns the track in another form; its packets need {@link convertSubtitlePacket}. */
export function convertSubtitleTrack(track: SideTrack, codec: SubtitleCodec): SideTrack {
  const { extradata: _, ...rest } = track;
  return {
    ...rest,
    codec,
    codecTag: 0,
    ...(codec === 'mov_text' ? { extradata: quickTimeDescription().toString('base64') } : {}),
  };
}

/** Returns one subtitle in another form; null if it has no text (QuickTime fills gaps with empty text). */
export function convertSubtitlePacket(packet: SidePacket, from: string, to: SubtitleCodec): SidePacket | null {
  const text = readText(packet.data, from);
  if (text.trim() === '') return null;
  const plain = Buffer.from(to === 'mov_text' ? stripMarkup(text) : text, 'utf8');
  if (to !== 'mov_text') return { ...packet, data: plain };
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Math.min(plain.length, 0xffff));
  return { ...packet, data: Buffer.concat([length, plain.subarray(0, 0xffff)]) };
}

function readText(data: Uint8Array, codec: string): string {
  const bytes = Buffer.from(data);
  if (codec === 'mov_text') {
    // 16-bit length, text, then style boxes, which other forms cannot hold.
    const length = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
    return bytes.subarray(2, 2 + length).toString('utf8');
  }
  const text = bytes.toString('utf8');
  if (codec !== 'ass' && codec !== 'ssa') return text;
  // ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text
  return text
    .split(',')
    .slice(8)
    .join(',')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\\[Nn]/g, '\n')
    .replaceAll('\\h', ' ');
}

function stripMarkup(text: string): string {
  return text
    .replace(/<\/?[a-zA-Z][^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** QuickTime's `tx3g` sample description: white sans-serif text, centred at the bottom (3GPP TS 26.245, 5.16). */
function quickTimeDescription(): Buffer {
  const fontName = Buffer.from('Sans-Serif', 'latin1');
  const fontTable = Buffer.alloc(13);
  fontTable.writeUInt32BE(13 + fontName.length, 0);
  fontTable.write('ftab', 4, 'latin1');
  fontTable.writeUInt16BE(1, 8);
  fontTable.writeUInt16BE(1, 10);
  fontTable.writeUInt8(fontName.length, 12);
  // Display flags (4), justification (2), background (4), default box (8), then the style record (12).
  const description = Buffer.alloc(30);
  description.writeInt8(1, 4);
  description.writeInt8(-1, 5);
  description.writeUInt16BE(1, 22);
  description.writeUInt8(16, 25);
  description.writeUInt32BE(0xffffffff, 26);
  return Buffer.concat([description, fontTable, fontName]);
}
