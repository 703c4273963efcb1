import type { Packet } from '../../bitstream/packet.js';
import type { StreamHeader } from '../../bitstream/stream-header.js';
import type { DecodedFrame } from '../../codec/decoder.js';
import { measureFrames, type FramePair, type MetricName } from '../../metrics/measures.js';
import type { Frame, VideoProperties } from '../../video/frame.js';
import type { DecodeChunkOptions, KeptCodecs } from '../chunks/kept-codecs.js';

/**
 * Measures a coded chunk as it will be shown: with the pack's post-filter.
 *
 * @param originals its frames in display order.
 * @returns one value per frame.
 */
export async function measureChunk(
  codecs: KeptCodecs,
  metric: MetricName,
  header: StreamHeader,
  packets: readonly Packet[],
  originals: AsyncIterable<Frame>,
  { colour, frameRate }: VideoProperties,
  options: DecodeChunkOptions,
): Promise<readonly number[]> {
  async function* pairs(shown: AsyncGenerator<DecodedFrame, void, void>): AsyncGenerator<FramePair, void, undefined> {
    for await (const original of originals) {
      const next = await shown.next();
      if (next.done === true) throw new Error('a chunk has fewer frames than its source');
      yield { original, decoded: next.value };
    }
    if ((await shown.next()).done !== true) throw new Error('a chunk has more frames than its source');
  }
  const values = await codecs.decode(header, packets, options, (shown) =>
    measureFrames([metric], pairs(shown), { colour, frameRate, signal: options.signal }),
  );
  return values[metric];
}
