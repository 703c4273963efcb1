import type { SideTrack } from '../bitstream/side-header.js';

/** What decodes a track: WebCodecs with this configuration, or `decodePcm` with this format. */
export type SoundDecoding =
  | { readonly kind: 'webcodecs'; readonly config: AudioDecoderConfig }
  | { readonly kind: 'pcm'; readonly format: PcmFormat; readonly sampleRate: number; readonly channels: number };

/** A format of uncompressed samples. */
export interface PcmFormat {
  readonly bytes: 1 | 2 | 3 | 4;
  readonly isFloat: boolean;
  readonly isLittleEndian: boolean;
}

const PCM: Readonly<Record<string, PcmFormat>> = {
  pcm_u8: { bytes: 1, isFloat: false, isLittleEndian: true },
  pcm_s16le: { bytes: 2, isFloat: false, isLittleEndian: true },
  pcm_s16be: { bytes: 2, isFloat: false, isLittleEndian: false },
  pcm_s24le: { bytes: 3, isFloat: false, isLittleEndian: true },
  pcm_s24be: { bytes: 3, isFloat: false, isLittleEndian: false },
  pcm_s32le: { bytes: 4, isFloat: false, isLittleEndian: true },
  pcm_s32be: { bytes: 4, isFloat: false, isLittleEndian: false },
  pcm_f32le: { bytes: 4, isFloat: true, isLittleEndian: true },
  pcm_f32be: { bytes: 4, isFloat: true, isLittleEndian: false },
};

/** Marks of a FLAC file before its first block of metadata, which is the last one, of 34 bytes. */
const FLAC_START = [0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, 34];
const FLAC_BLOCK_BYTES = 34;
const AAC_LC = 2;
/** The object type with which AAC names a type that does not fit into its five bits. */
const AAC_ESCAPE = 31;

/** Returns how to decode a track of sound; null if there is no way. */
export function soundDecodingOf(track: SideTrack): SoundDecoding | null {
  const { codec, audio } = track;
  if (audio === undefined || audio.sampleRate === 0 || audio.channels === 0) return null;
  const { sampleRate, channels } = audio;
  const format = PCM[codec];
  if (format !== undefined) return { kind: 'pcm', format, sampleRate, channels };
  const extradata = bytesOf(track.extradata);
  const make = (name: string, description: Uint8Array<ArrayBuffer> | null = extradata): SoundDecoding => ({
    kind: 'webcodecs',
    config: { codec: name, sampleRate, numberOfChannels: channels, ...(description === null ? {} : { description }) },
  });
  switch (codec) {
    case 'aac': {
      const type = extradata === null ? AAC_LC : extradata[0]! >> 3;
      return make(`mp4a.40.${type === AAC_ESCAPE || type === 0 ? AAC_LC : type}`);
    }
    case 'opus':
    case 'vorbis':
      return make(codec);
    case 'mp3':
      return make('mp3', null);
    case 'flac': {
      if (extradata === null) return null;
      const isWhole = FLAC_START.slice(0, 4).every((byte, at) => extradata[at] === byte);
      return make(
        'flac',
        isWhole ? extradata : Uint8Array.of(...FLAC_START, ...extradata.subarray(0, FLAC_BLOCK_BYTES)),
      );
    }
    default:
      return null;
  }
}

function bytesOf(base64: string | undefined): Uint8Array<ArrayBuffer> | null {
  if (base64 === undefined || base64 === '') return null;
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Returns the samples of each channel, -1..1, of interleaved bytes. */
export function decodePcm(
  data: Uint8Array,
  { bytes, isFloat, isLittleEndian }: PcmFormat,
  channels: number,
): Float32Array<ArrayBuffer>[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = Math.floor(data.length / (bytes * channels));
  const read = (at: number): number => {
    if (isFloat) return view.getFloat32(at, isLittleEndian);
    switch (bytes) {
      case 1:
        return (view.getUint8(at) - 128) / 128;
      case 2:
        return view.getInt16(at, isLittleEndian) / 2 ** 15;
      case 3: {
        const [high, low] = isLittleEndian ? [at + 2, at] : [at, at + 2];
        return (view.getInt8(high) * 2 ** 16 + view.getUint8(at + 1) * 2 ** 8 + view.getUint8(low)) / 2 ** 23;
      }
      case 4:
        return view.getInt32(at, isLittleEndian) / 2 ** 31;
    }
  };
  return Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: count }, (_sample, at) => read(bytes * (at * channels + channel))),
  );
}
