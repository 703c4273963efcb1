import { AVMEDIA_TYPE_VIDEO } from 'node-av/constants';
import { Codec, getFFmpegInfo } from 'node-av/lib';

/** The abilities of the FFmpeg libraries in the package. */
export interface FfmpegDescription {
  /** Version of FFmpeg, such as `8.1`. */
  readonly version: string;
  /** Versions of its libraries by name. */
  readonly libraries: Readonly<Record<string, string>>;
  /** Names of all encoders, sorted. */
  readonly encoders: readonly string[];
  /** Names of all video decoders, sorted. */
  readonly videoDecoders: readonly string[];
  /** Encoders that tessera uses and that are missing. */
  readonly missingEncoders: readonly string[];
}

const usedEncoders = ['libx264', 'libx265', 'libsvtav1', 'libvpx-vp9', 'ffv1'];

/** Describes the FFmpeg in use, for `tessera doctor` and for reports. */
export function describeFfmpeg(): FfmpegDescription {
  const { version, libraries } = getFFmpegInfo();
  const codecs = Codec.getCodecList();
  const names = (wanted: (codec: Codec) => boolean) =>
    [...new Set(codecs.filter(wanted).map((codec) => codec.name ?? ''))].sort();
  const encoders = names((codec) => codec.isEncoder());
  return {
    version,
    libraries,
    encoders,
    videoDecoders: names((codec) => codec.isDecoder() && codec.type === AVMEDIA_TYPE_VIDEO),
    missingEncoders: usedEncoders.filter((name) => !encoders.includes(name)),
  };
}
