import type { Packet } from '../../bitstream/packet.js';
import type { StreamHeader } from '../../bitstream/stream-header.js';
import type { Decoder, DecoderOptions } from '../../codec/decoder.js';
import { measureFrames, type FramePair, type MetricName } from '../../metrics/measures.js';
import type { Frame, VideoProperties } from '../../video/frame.js';
import type { KeptCodecs } from '../chunks/kept-codecs.js';

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
  { pack, device, threads, signal }: DecoderOptions & { readonly signal?: AbortSignal | undefined },
): Promise<readonly number[]> {
  const options = {
    ...(pack === undefined ? {} : { pack }),
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
  };
  async function* fed(): AsyncGenerator<Packet, void, undefined> {
    await Promise.resolve();
    yield* packets;
  }
  async function* pairs(decoder: Decoder): AsyncGenerator<FramePair, void, undefined> {
    const shown = decoder.decode(fed(), { signal });
    for await (const original of originals) {
      const next = await shown.next();
      if (next.done === true) throw new Error('a chunk has fewer frames than its source');
      yield { original, decoded: next.value };
    }
    if ((await shown.next()).done !== true) throw new Error('a chunk has more frames than its source');
  }
  const values = await codecs.lendDecoder(header, options, (decoder) =>
    measureFrames([metric], pairs(decoder), { colour, frameRate, signal }),
  );
  return values[metric];
}
