import { StreamReader } from '../../src/bitstream/stream-reader.js';
import { StreamWriter } from '../../src/bitstream/stream-writer.js';
import type { StreamWords } from '../../src/bitstream/words.js';
import { memorySource } from '../../src/bitstream/byte-source.js';
import { collectSideTracks } from '../../src/video/side/collect-side-tracks.js';
import type { StreamHeader } from '../../src/bitstream/stream-header.js';
import { goldenStreams } from '../codec/golden.js';
import { packetsOf } from '../codec/packets-of.js';

/** The pack of all clips. */
export const PACK = 'fixtures/tiny-pack';

const SIDE_CLIP = 'fixtures/clips/everything.mp4';
const FRAMES_PER_SECOND = 25;

/** How to make a clip. */
export interface ClipOptions {
  /** Golden stream that gives the pictures; the steps between its times must be equal. */
  readonly golden: string;
  /** The number of times that its pictures follow each other; each begins with a key frame. */
  readonly laps: number;
  /** True: with sound and subtitles. Default: false. */
  readonly hasSide?: boolean;
  /** What its scenes show. */
  readonly words?: StreamWords;
  /** Changes to the header. */
  readonly header?: Partial<StreamHeader>;
}

/** Makes a stream of 25 pictures a second from a golden stream, without coding anything. */
export async function makeClip({
  golden,
  laps,
  hasSide = false,
  words,
  header = {},
}: ClipOptions): Promise<Uint8Array> {
  const { bytes } = goldenStreams().find(({ name }) => name === golden)!;
  const { header: given, packets } = await packetsOf(bytes);
  const times = packets.map(({ pts }) => pts).sort((a, b) => (a < b ? -1 : 1));
  const step = times[1]! - times[0]!;
  const timeBase = { num: 1, den: FRAMES_PER_SECOND * Number(step) };
  const parts: Uint8Array[] = [];
  const writer = new StreamWriter({
    write: (part) => {
      parts.push(part);
      return Promise.resolve();
    },
  });
  const frameRate = { num: FRAMES_PER_SECOND, den: 1 };
  await writer.writeHeader({ ...given, timeBase, frameRate, ...header });
  if (hasSide) {
    await using side = (await collectSideTracks(SIDE_CLIP))!;
    await writer.writeSide(side.bytes());
  }
  for (let lap = 0; lap < laps; lap++) {
    const shift = BigInt(lap * packets.length) * step - times[0]!;
    for (const packet of packets) await writer.writePacket({ ...packet, pts: packet.pts + shift, duration: step });
  }
  await writer.finish(words ?? null);
  return new Uint8Array(Buffer.concat(parts));
}

/** Offsets and lengths of the packets of a stream. */
export async function packetExtents(stream: Uint8Array): Promise<{ offset: number; byteLength: number }[]> {
  const reader = await StreamReader.open(memorySource(stream));
  const extents = [];
  for await (const { kind, offset, byteLength } of reader.sections()) {
    if (kind === 'packet') extents.push({ offset, byteLength });
  }
  return extents;
}
