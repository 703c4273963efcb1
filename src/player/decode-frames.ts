import { prepareThreads } from '../platform/browser/thread.js';
import type { DecodeFramesOptions, PlayerFrame, PlayerSource } from './api.js';
import { openBytes } from './byte-sources.js';
import { FILTER_THREAD, FramePipeline, THREADS, type FrameWishes } from './frame-pipeline.js';
import { loadPlayerPack } from './load-pack.js';
import { OpenedStream } from './opened-stream.js';
import { packsAddress } from './packs-address.js';

/**
 * Yields the frames of a stream in the order of display, as fast as they are decoded. Works in pages and workers. A
 * stream that is cut or damaged gives what it has; lost pictures repeat the last good one and say so.
 *
 * @throws BitstreamError if this is not a tessera stream; ModelError if its pack is not there; an error with a `code` as
 * `MediaError` if the source cannot be loaded; CancelledError when `signal` fires.
 */
export async function* decodeFrames(
  source: PlayerSource,
  options: DecodeFramesOptions = {},
): AsyncGenerator<PlayerFrame, void, undefined> {
  const { start = 0, postFilter = 'none' } = options;
  const signal = options.signal ?? new AbortController().signal;
  const threads = prepareThreads(postFilter === 'none' ? THREADS : [...THREADS, FILTER_THREAD]);
  threads.catch(() => undefined);
  const bytes = await openBytes(source);
  try {
    const stream = await OpenedStream.open(bytes);
    const pack = await loadPlayerPack(packsAddress(options.packs), stream.header, postFilter);
    await threads;
    await using pipeline = new FramePipeline(stream.header, pack);
    if (postFilter === 'lpips') await pipeline.loadPostFilter();
    const from = start <= 0 ? null : start;
    const wishes: FrameWishes = {
      // The time of the first picture may be known only when it is there.
      get from() {
        return from === null ? null : stream.ticksOf(from);
      },
      isLeftOut: () => false,
      filters: () => true,
      keepsUnfiltered: false,
      onLost: () => undefined,
      onPacket: () => undefined,
    };
    const feed = stream.feed(from === null ? null : stream.ticksOf(from));
    for await (const frame of pipeline.frames(feed, wishes, signal)) {
      const given = pipeline.frameOf(frame, (ticks) => stream.secondsOf(ticks));
      frame.close();
      yield given;
    }
  } finally {
    bytes.close();
  }
}
