import type { Packet } from '../../bitstream/packet.js';
import type { EncoderOptions, QualityControl } from '../../codec/encoder.js';
import type { Frame, VideoProperties } from '../../video/frame.js';
import type { KeptCodecs } from './kept-codecs.js';

/** A coded chunk: a key frame and the frames up to the next one. */
export interface CodedChunk {
  /** In coding order. */
  readonly packets: readonly Packet[];
  /** The quality that the control gave each packet; empty without one. */
  readonly qualities: readonly number[];
}

/** What all chunks of a video share. */
export interface ChunkSetup {
  readonly codecs: KeptCodecs;
  readonly properties: Pick<VideoProperties, 'width' | 'height'>;
  readonly options: EncoderOptions;
  readonly signal: AbortSignal | undefined;
  /** Called after each coded frame. Must not throw. */
  readonly onPacket?: ((packet: Packet) => void) | undefined;
}

/**
 * Codes the frames of a chunk. Its packets depend on nothing before or behind it.
 *
 * @param control decides the quality of frames; null: that of the options.
 */
export async function codeChunk(
  { codecs, properties, options: { quality: constant, ...options }, signal, onPacket }: ChunkSetup,
  frames: AsyncIterable<Frame>,
  control: QualityControl | null,
): Promise<CodedChunk> {
  // The look-ahead expects the quality of the first frame.
  const quality = control === null ? constant : Math.round(control.quality());
  const packets: Packet[] = [];
  const qualities: number[] = [];
  const watched: QualityControl | undefined = control === null ? undefined : watch(control, qualities);
  return await codecs.lendEncoder(properties, options, async (encoder) => {
    for await (const packet of encoder.encode(frames, { signal, quality, control: watched })) {
      packets.push(packet);
      onPacket?.(packet);
    }
    return { packets, qualities };
  });
}

/** The same control, which notes the quality of each frame. */
function watch(control: QualityControl, qualities: number[]): QualityControl {
  return {
    get lag() {
      return control.lag;
    },
    quality: () => control.quality(),
    coded: (packet, quality) => {
      qualities.push(quality);
      control.coded(packet, quality);
    },
  };
}
