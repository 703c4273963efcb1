import type { Packet } from '../../bitstream/packet.js';
import { Encoder, type EncoderOptions, type QualityControl } from '../../codec/encoder.js';
import type { Frame, VideoProperties } from '../../video/frame.js';
import type { CompressJob } from '../compress-job.js';
import type { NoteBook } from '../compress-parts.js';
import type { FrameQueue } from './frame-queue.js';

/** A coded chunk: a key frame and the frames up to the next one. */
export interface CodedChunk {
  /** In coding order. */
  readonly packets: readonly Packet[];
  /** The quality that the control gave each packet. */
  readonly qualities: readonly number[];
}

/** What all chunks of a video share. */
export interface ChunkSetup {
  readonly properties: VideoProperties;
  /** `quality` is the one that the look-ahead expects. */
  readonly options: EncoderOptions;
  readonly signal: AbortSignal | undefined;
  /** Takes what the encoder tells. */
  readonly notes: Pick<NoteBook, 'update'>;
  /** Called after each coded frame. Must not throw. */
  readonly onPacket?: ((packet: Packet) => void) | undefined;
  /** True: drops frames of the chunk as soon as they are not needed to find its end. */
  readonly isOnce: boolean;
}

/** Returns the setup of the chunks of a job. */
export function chunkSetup(
  { properties, encoder, options: { signal }, notes }: CompressJob,
  isOnce: boolean,
): ChunkSetup {
  return { properties, options: encoder, signal, notes, isOnce };
}

/**
 * The encoder finds the end of a chunk after reading fewer frames beyond it: its look-ahead has at most 40 frames, and
 * few wait in its workers.
 */
const OVERREAD = 56;

/**
 * Codes the chunk that begins with a frame. The encoder decides where it ends. Each chunk has an encoder of its own, so
 * its packets depend on nothing before it, and it can be coded again alone.
 *
 * @param from number of the first frame.
 * @param to number of the frame behind the last one of the chunk, if that is known.
 */
export async function codeChunk(
  { properties, options, signal, notes, onPacket, isOnce }: ChunkSetup,
  queue: FrameQueue,
  from: number,
  control: QualityControl,
  to = Infinity,
): Promise<CodedChunk> {
  const { width, height } = properties;
  const quality = Math.round(control.quality());
  await using encoder = await Encoder.create(width, height, { ...options, quality });
  const packets: Packet[] = [];
  const qualities: number[] = [];
  let isOver = false;
  const watched: QualityControl = {
    get lag() {
      return control.lag;
    },
    quality: () => control.quality(),
    coded: (packet, given) => {
      // Frames of the next chunk are coded again, with the encoder of that chunk.
      if (packet.kind === 'key' && qualities.length > 0 && to === Infinity) isOver = true;
      if (isOver) return;
      qualities.push(given);
      control.coded(packet, given);
    },
  };
  async function* frames(): AsyncGenerator<Frame, void, undefined> {
    let index = from;
    for await (const frame of queue.read(from, to)) {
      yield frame;
      if (isOnce) queue.drop(++index - OVERREAD);
    }
  }
  for await (const packet of encoder.encode(frames(), { signal, control: watched })) {
    if (packet.kind === 'key' && packets.length > 0 && to === Infinity) break;
    packets.push(packet);
    onPacket?.(packet);
  }
  notes.update(encoder);
  return { packets, qualities };
}
