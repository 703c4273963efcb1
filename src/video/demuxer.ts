import {
  AV_CODEC_ID_ANSI,
  AV_CODEC_ID_BINTEXT,
  AV_CODEC_ID_IDF,
  AV_CODEC_ID_XBIN,
  AV_DISPOSITION_ATTACHED_PIC,
  AVERROR_EOF,
  AVERROR_INVALIDDATA,
  AVMEDIA_TYPE_VIDEO,
} from 'node-av/constants';
import { Dictionary, FormatContext, type Stream } from 'node-av/lib';
import { InputError } from '../errors.js';
import { fileUrl, throwIfInputFails } from './libav.js';

// FFmpeg takes any .txt, .nfo or .bin file for a picture of text.
const textCodecs: ReadonlySet<number> = new Set([
  AV_CODEC_ID_ANSI,
  AV_CODEC_ID_BINTEXT,
  AV_CODEC_ID_XBIN,
  AV_CODEC_ID_IDF,
]);

/** Opens a demuxer that can reach local files only, so that a playlist cannot cause network access. */
export async function openDemuxer(path: string, name: string): Promise<FormatContext> {
  const format = new FormatContext();
  const demuxerOptions = Dictionary.fromObject({ protocol_whitelist: 'file' });
  try {
    const code = await format.openInput(fileUrl(path), null, demuxerOptions);
    if (code === AVERROR_INVALIDDATA || code === AVERROR_EOF) {
      throw new InputError(`${name} is not a video, or is cut or damaged: no format that FFmpeg reads was found in it`);
    }
    throwIfInputFails(code, `cannot open ${name}`);
    throwIfInputFails(await format.findStreamInfo(), `cannot read ${name}`);
    return format;
  } catch (error) {
    await format.closeInput();
    throw error;
  } finally {
    demuxerOptions.free();
  }
}

/** True for formats made for lossy channels: transport and program streams, whose demuxers flag losses. */
export function isBroadcast(format: FormatContext): boolean {
  return /mpegts|mpeg|rtp/.test(format.iformat?.name ?? '');
}

/** Index of video track `number` (from 1, cover pictures not counted); -1 if there is none. */
export function findVideoTrack(streams: readonly Stream[], number = 1): number {
  return listVideoTracks(streams)[number - 1]?.index ?? -1;
}

/** The video tracks that are not cover pictures. */
export function listVideoTracks(streams: readonly Stream[]): Stream[] {
  return streams.filter(
    (stream) =>
      stream.codecpar.codecType === AVMEDIA_TYPE_VIDEO &&
      (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) === 0 &&
      !textCodecs.has(stream.codecpar.codecId),
  );
}
