import { type FFDecoderCodec } from 'node-av/constants';
import { avGetCodecName, Codec, type Stream } from 'node-av/lib';
import { InputError } from '../../errors.js';

// FFmpeg's own decoders of these codecs skip the alpha pictures and show the hidden parts.
const alphaDecoders: Readonly<Record<string, FFDecoderCodec>> = {
  vp8: 'libvpx' as FFDecoderCodec,
  vp9: 'libvpx-vp9' as FFDecoderCodec,
};

/** Returns the decoder for a video track.
 *
 * @throws InputError if there is none
 */
export function findDecoder(track: Stream, name: string): Codec {
  const codecName = avGetCodecName(track.codecpar.codecId) ?? 'an unknown codec';
  const special = hasAlphaMode(track) ? alphaDecoders[codecName] : undefined;
  const codec =
    (special === undefined ? null : Codec.findDecoderByName(special)) ?? Codec.findDecoder(track.codecpar.codecId);
  if (codec === null) throw new InputError(`${name}: FFmpeg has no decoder for its video track (${codecName})`);
  return codec;
}

/** True if the container says that the track has transparency. */
function hasAlphaMode(track: Stream): boolean {
  const tags = Object.entries(track.metadata?.getAll() ?? {});
  return tags.some(([name, value]) => name.toLowerCase() === 'alpha_mode' && value !== '0');
}
