/** libav's codec parameters as plain data, and back. */
import * as constants from 'node-av/constants';
import {
  AV_CODEC_ID_NONE,
  type AVChannelOrder,
  type AVCodecID,
  type AVMediaType,
  AVMEDIA_TYPE_ATTACHMENT,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_DATA,
  AVMEDIA_TYPE_SUBTITLE,
  AVMEDIA_TYPE_VIDEO,
  type AVPixelFormat,
  type AVProfile,
  type AVSampleFormat,
} from 'node-av/constants';
import {
  avGetCodecName,
  avGetPixFmtFromName,
  avGetPixFmtName,
  avGetSampleFmtFromName,
  avGetSampleFmtName,
  CodecContext,
  type CodecParameters,
  Rational,
  type Stream,
} from 'node-av/lib';
import { BitstreamError } from '../../errors.js';
import { throwIfOutputFails } from '../libav.js';
import { readTrackSideData, writeTrackSideData } from './side-data.js';
import type { SideTrack } from '../../bitstream/side-header.js';
import { trackTags } from './track-tags.js';

const mediaTypes: readonly (readonly [SideTrack['kind'], AVMediaType])[] = [
  ['audio', AVMEDIA_TYPE_AUDIO],
  ['subtitle', AVMEDIA_TYPE_SUBTITLE],
  ['video', AVMEDIA_TYPE_VIDEO],
  ['data', AVMEDIA_TYPE_DATA],
  ['attachment', AVMEDIA_TYPE_ATTACHMENT],
];

const codecIds = new Map<string, AVCodecID>();

/** libav's number for a codec name; undefined if this version of FFmpeg does not know it. */
export function findCodecId(name: string): AVCodecID | undefined {
  if (codecIds.size === 0) {
    for (const [key, value] of Object.entries(constants)) {
      if (!key.startsWith('AV_CODEC_ID_') || typeof value !== 'number') continue;
      const codecName = avGetCodecName(value as AVCodecID);
      // Some constants mark the start of a group and have the same number as a codec.
      if (codecName !== null && codecName !== 'unknown_codec') codecIds.set(codecName, value as AVCodecID);
    }
  }
  return codecIds.get(name);
}

/** Describes a demuxer's stream. */
export function describeTrack(stream: Stream): SideTrack {
  const parameters = stream.codecpar;
  const kind = mediaTypes.find(([, type]) => type === parameters.codecType)?.[0] ?? 'data';
  const extradata = parameters.extradata;
  const layout = parameters.channelLayout;
  const details = parameters.toJSON();
  const blockAlign: unknown = details['blockAlign'];
  return {
    kind,
    codec: avGetCodecName(parameters.codecId) ?? 'none',
    codecTag: typeof parameters.codecTag === 'number' ? parameters.codecTag : 0,
    timeBase: [stream.timeBase.num, stream.timeBase.den],
    disposition: stream.disposition,
    tags: trackTags(stream.metadata?.getAll() ?? {}),
    ...(extradata === null ? {} : { extradata: extradata.toString('base64') }),
    ...(formatName(kind, parameters.format) ?? {}),
    bitRate: Number(parameters.bitRate),
    bitsPerCodedSample: parameters.bitsPerCodedSample,
    bitsPerRawSample: parameters.bitsPerRawSample,
    profile: parameters.profile,
    level: parameters.level,
    ...(kind === 'audio'
      ? {
          audio: {
            sampleRate: parameters.sampleRate,
            channels: layout.nbChannels,
            order: layout.order,
            mask: String(layout.mask),
            blockAlign: typeof blockAlign === 'number' ? blockAlign : 0,
            frameSize: parameters.frameSize,
            initialPadding: parameters.initialPadding,
          },
        }
      : {}),
    ...(kind === 'video' || kind === 'subtitle'
      ? {
          picture: {
            width: parameters.width,
            height: parameters.height,
            sampleAspect: [
              Math.max(parameters.sampleAspectRatio.num, 0),
              Math.max(parameters.sampleAspectRatio.den, 0),
            ] as const,
          },
        }
      : {}),
    sideData: readTrackSideData(parameters),
  };
}

function formatName(kind: SideTrack['kind'], format: number): { format: string } | null {
  const name =
    kind === 'audio'
      ? avGetSampleFmtName(format as AVSampleFormat)
      : kind === 'video'
        ? avGetPixFmtName(format as AVPixelFormat)
        : null;
  return name === null ? null : { format: name };
}

/**
 * Fills the codec parameters of a muxer's stream.
 *
 * @throws BitstreamError if this FFmpeg does not know the codec
 */
export function applyTrack(track: SideTrack, parameters: CodecParameters): void {
  const id = track.codec === 'none' ? AV_CODEC_ID_NONE : findCodecId(track.codec);
  if (id === undefined)
    throw new BitstreamError(`the side tracks have codec ${track.codec}, which this FFmpeg does not know`);
  // Some fields (block size) can be set only on a codec context, so the parameters are made with one.
  const context = new CodecContext();
  try {
    context.allocContext3(null);
    context.codecType = mediaTypes.find(([kind]) => kind === track.kind)?.[1] ?? AVMEDIA_TYPE_DATA;
    context.codecId = id;
    if (track.audio !== undefined) {
      context.sampleRate = track.audio.sampleRate;
      context.setOption('block_align', String(track.audio.blockAlign));
    }
    throwIfOutputFails(parameters.fromContext(context), 'cannot describe a side track');
  } finally {
    context.freeContext();
  }
  // libav takes the container's code only if the target knows it; muxers choose their own.
  parameters.codecTag = 0;
  parameters.bitRate = BigInt(track.bitRate);
  parameters.bitsPerCodedSample = track.bitsPerCodedSample;
  parameters.bitsPerRawSample = track.bitsPerRawSample;
  parameters.profile = track.profile as AVProfile;
  parameters.level = track.level;
  if (track.extradata !== undefined) parameters.extradata = Buffer.from(track.extradata, 'base64');
  if (track.audio !== undefined) {
    parameters.channelLayout = {
      nbChannels: track.audio.channels,
      order: track.audio.order as AVChannelOrder,
      mask: BigInt(track.audio.mask),
    };
    parameters.frameSize = track.audio.frameSize;
    parameters.initialPadding = track.audio.initialPadding;
    if (track.format !== undefined) parameters.format = avGetSampleFmtFromName(track.format);
  }
  if (track.picture !== undefined) {
    parameters.width = track.picture.width;
    parameters.height = track.picture.height;
    const [num, den] = track.picture.sampleAspect;
    if (den > 0) parameters.sampleAspectRatio = new Rational(num, den);
    if (track.kind === 'video' && track.format !== undefined) parameters.format = avGetPixFmtFromName(track.format);
  }
  writeTrackSideData(parameters, track.sideData);
}
