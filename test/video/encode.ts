import {
  AV_FRAME_FLAG_INTERLACED,
  AV_FRAME_FLAG_TOP_FIELD_FIRST,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  type FFEncoderCodec,
} from 'node-av/constants';
import { avGetPixFmtFromName, Codec, CodecContext, Dictionary, FormatContext, Packet, Rational } from 'node-av/lib';
import { throwIfOutputFails } from '../../src/video/libav.js';
import { ownedPicture } from '../../src/video/owned-picture.js';

/** How {@link encodeFile} writes its pictures. */
export interface EncodeOptions {
  readonly encoder: string;
  readonly pixelFormat: string;
  readonly width: number;
  readonly height: number;
  readonly options?: Readonly<Record<string, string>>;
  /** Tags of the track. */
  readonly tags?: Readonly<Record<string, string>>;
  /** If given, the pictures are marked as interlaced. */
  readonly fieldOrder?: 'topFirst' | 'bottomFirst';
}

/** Writes a video of any pixel format, 25 pictures per second; each picture is its planes without padding. */
export async function encodeFile(path: string, pictures: readonly Uint8Array[], given: EncodeOptions): Promise<void> {
  const { width, height, fieldOrder } = given;
  const format = new FormatContext();
  const context = new CodecContext();
  const options = Dictionary.fromObject({ ...given.options });
  const packet = new Packet();
  try {
    throwIfOutputFails(format.allocOutputContext2(null, null, path), 'format');
    const codec = Codec.findEncoderByName(given.encoder as FFEncoderCodec);
    if (codec === null) throw new Error(`no encoder ${given.encoder}`);
    context.allocContext3(codec);
    context.width = width;
    context.height = height;
    context.pixelFormat = avGetPixFmtFromName(given.pixelFormat);
    context.timeBase = new Rational(1, 25);
    context.framerate = new Rational(25, 1);
    throwIfOutputFails(await context.open2(codec, options), given.encoder);
    const stream = format.newStream();
    throwIfOutputFails(stream.codecpar.fromContext(context), 'parameters');
    stream.timeBase = new Rational(1, 25);
    if (given.tags !== undefined) stream.metadata = Dictionary.fromObject({ ...given.tags });
    throwIfOutputFails(await format.openOutput(), path);
    throwIfOutputFails(await format.writeHeader(), path);
    packet.alloc();
    for (const [index, bytes] of [...pictures, null].entries()) {
      const picture =
        bytes === null
          ? null
          : ownedPicture(bytes, {
              ...{ width, height, timeBase: { num: 1, den: 25 }, pts: BigInt(index) },
              format: context.pixelFormat,
            });
      if (picture !== null && fieldOrder !== undefined) {
        picture.setFlags(AV_FRAME_FLAG_INTERLACED);
        if (fieldOrder === 'topFirst') picture.setFlags(AV_FRAME_FLAG_TOP_FIELD_FIRST);
      }
      throwIfOutputFails(await context.sendFrame(picture), given.encoder);
      picture?.free();
      while (true) {
        const code = await context.receivePacket(packet);
        if (code === AVERROR_EAGAIN || code === AVERROR_EOF) break;
        throwIfOutputFails(code, given.encoder);
        if (packet.duration === 0n) packet.duration = 1n;
        packet.rescaleTs({ num: 1, den: 25 }, stream.timeBase);
        packet.streamIndex = stream.index;
        throwIfOutputFails(await format.interleavedWriteFrame(packet), path);
      }
    }
    throwIfOutputFails(await format.writeTrailer(), path);
  } finally {
    packet.free();
    options.free();
    context.freeContext();
    await format.closeOutput();
    format.freeContext();
  }
}
