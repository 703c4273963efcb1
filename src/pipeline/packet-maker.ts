import type { Packet } from '../bitstream/packet.js';
import { describeEncoder, Encoder, type EncoderDescription } from '../codec/encoder.js';
import { planeBuffers } from '../codec/planes.js';
import { release } from '../platform/threads.js';
import type { Frame } from '../video/frame.js';
import { ChunkFinder } from './chunks/chunk-finder.js';
import type { ChunkCoders, ChunkTask } from './chunks/chunk-coders.js';
import { FrameQueue } from './chunks/frame-queue.js';
import { inOrder } from './chunks/in-order.js';
import { openKeyFrameFinder, openPool } from './chunks/open-pool.js';
import type { CompressJob } from './compress-job.js';
import { noteDevice } from './compress-parts.js';
import type { AheadPlan } from './rate/plan-ahead.js';

/** Makes the packets of a video from its frames. */
export interface PacketMaker extends AsyncDisposable {
  readonly encoder: EncoderDescription;
  /**
   * Yields the packets in coding order.
   *
   * @param onFrame called for each coded frame, which may be before its packet is there.
   */
  make(frames: AsyncIterable<Frame>, onFrame: () => void): AsyncIterable<Packet>;
}

/** Codes all frames with one encoder. */
export async function openWholeMaker(job: CompressJob, plan: AheadPlan | null): Promise<PacketMaker> {
  const { properties, options, encoder: given, notes } = job;
  const encoder = await Encoder.create(properties.width, properties.height, plan?.options ?? given);
  noteDevice(encoder, options, notes);
  return {
    encoder,
    make: async function* (frames, onFrame) {
      const taken = releaseTaken(frames);
      for await (const packet of encoder.encode(taken, { signal: options.signal, control: plan?.control })) {
        onFrame();
        yield packet;
      }
    },
    [Symbol.asyncDispose]: () => encoder[Symbol.asyncDispose](),
  };
}

/** Passes frames on and frees each when the next one is asked for: the encoder has copied it then. */
async function* releaseTaken(frames: AsyncIterable<Frame>): AsyncGenerator<Frame, void, undefined> {
  for await (const frame of frames) {
    yield frame;
    release(planeBuffers(frame));
  }
}

/**
 * Codes chunks apart; their packets are the same as those of one encoder.
 *
 * @param offset time of the first frame in the input, ticks.
 */
export async function openChunkMaker(job: CompressJob, coders: ChunkCoders, offset: bigint): Promise<PacketMaker> {
  const { properties, options, encoder: given, notes } = job;
  const encoder = await describeEncoder(properties.width, properties.height, given);
  noteDevice(encoder, options, notes);
  const finder = await openKeyFrameFinder(job);
  try {
    const pool = await openPool(coders, job, encoder, offset);
    const quality = options.quality ?? encoder.qualities.default;
    return {
      encoder,
      make: async function* (frames, onFrame) {
        await using queue = new FrameQueue(frames);
        const chunks = new ChunkFinder(queue, finder);
        const coded = inOrder(
          chunks.places(),
          pool.size,
          (place, signal) => {
            const task: ChunkTask = {
              ...place,
              isScout: false,
              quality: { kind: 'constant', quality },
              frames: () => chunks.framesOnce(place),
            };
            return pool.code(task, { signal, onFrame });
          },
          options.signal,
        );
        for await (const load of coded) yield* (await load()).packets;
      },
      [Symbol.asyncDispose]: async () => {
        await pool[Symbol.asyncDispose]();
        await finder[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await finder[Symbol.asyncDispose]();
    throw error;
  }
}
