/**
 * Names of the side data of packets and tracks. They are needed because the numbers of libavcodec's enum may change
 * between versions.
 */
import {
  AV_PKT_DATA_AUDIO_SERVICE_TYPE,
  AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
  AV_PKT_DATA_DISPLAYMATRIX,
  AV_PKT_DATA_JP_DUALMONO,
  AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
  AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL,
  AV_PKT_DATA_MPEGTS_STREAM_ID,
  AV_PKT_DATA_NEW_EXTRADATA,
  AV_PKT_DATA_PALETTE,
  AV_PKT_DATA_REPLAYGAIN,
  AV_PKT_DATA_SKIP_SAMPLES,
  AV_PKT_DATA_SUBTITLE_POSITION,
  AV_PKT_DATA_WEBVTT_IDENTIFIER,
  AV_PKT_DATA_WEBVTT_SETTINGS,
  type AVPacketSideDataType,
} from 'node-av/constants';
import type { CodecParameters, Packet } from 'node-av/lib';

const types: Readonly<Record<string, AVPacketSideDataType>> = {
  audioServiceType: AV_PKT_DATA_AUDIO_SERVICE_TYPE,
  blockAdditional: AV_PKT_DATA_MATROSKA_BLOCKADDITIONAL,
  contentLight: AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
  displayMatrix: AV_PKT_DATA_DISPLAYMATRIX,
  dualMono: AV_PKT_DATA_JP_DUALMONO,
  masteringDisplay: AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
  newExtradata: AV_PKT_DATA_NEW_EXTRADATA,
  palette: AV_PKT_DATA_PALETTE,
  replayGain: AV_PKT_DATA_REPLAYGAIN,
  skipSamples: AV_PKT_DATA_SKIP_SAMPLES,
  streamId: AV_PKT_DATA_MPEGTS_STREAM_ID,
  subtitlePosition: AV_PKT_DATA_SUBTITLE_POSITION,
  webvttIdentifier: AV_PKT_DATA_WEBVTT_IDENTIFIER,
  webvttSettings: AV_PKT_DATA_WEBVTT_SETTINGS,
};

/** Side data of a packet by name, copied. */
export function readPacketSideData(packet: Packet): Record<string, Uint8Array> {
  const found: Record<string, Uint8Array> = {};
  for (const [name, type] of Object.entries(types)) {
    const bytes = packet.getSideData(type);
    if (bytes !== null) found[name] = new Uint8Array(bytes);
  }
  return found;
}

/** Attaches side data to a packet; names that this version does not know are left out. */
export function writePacketSideData(packet: Packet, sideData: Readonly<Record<string, Uint8Array>>): void {
  for (const [name, bytes] of Object.entries(sideData)) {
    const type = types[name];
    if (type !== undefined) packet.addSideData(type, Buffer.from(bytes));
  }
}

/** Side data of a track by name, base64. */
export function readTrackSideData(parameters: CodecParameters): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, type] of Object.entries(types)) {
    const bytes = parameters.getCodedSideData(type);
    if (bytes !== null) found[name] = bytes.toString('base64');
  }
  return found;
}

/** Attaches base64 side data to a track; names that this version does not know are left out. */
export function writeTrackSideData(parameters: CodecParameters, sideData: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(sideData)) {
    const type = types[name];
    if (type !== undefined) parameters.addCodedSideData(type, Buffer.from(text, 'base64'));
  }
}
