/** HDR data of pictures: libav's structures, and the options of encoders that write it into their streams. */
import {
  AV_FRAME_DATA_CONTENT_LIGHT_LEVEL,
  AV_FRAME_DATA_MASTERING_DISPLAY_METADATA,
  AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
  AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
} from 'node-av/constants';
import type { CodecParameters, Frame as AvFrame, Stream } from 'node-av/lib';
import type { ContentLight, MasteringDisplay } from '../frame.js';

/** HDR data of a video, if it has any. */
export interface HdrMetadata {
  readonly masteringDisplay?: MasteringDisplay | undefined;
  readonly contentLight?: ContentLight | undefined;
}

// AVMasteringDisplayMetadata: ten fractions of two ints (red, green, blue, white: x and y; least, greatest luminance),
// then two ints: whether chromaticities and luminances are present.
const masteringBytes = 88;
const chromaticityUnit = 50000;
const luminanceUnit = 10000;

/** HDR data from a track's container or its first picture. */
export function readHdrMetadata(track: Stream, picture: AvFrame): HdrMetadata {
  const mastering =
    track.codecpar.getCodedSideData(AV_PKT_DATA_MASTERING_DISPLAY_METADATA) ??
    picture.getSideData(AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
  const light =
    track.codecpar.getCodedSideData(AV_PKT_DATA_CONTENT_LIGHT_LEVEL) ??
    picture.getSideData(AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
  const masteringDisplay = mastering === null ? null : readMasteringDisplay(mastering);
  const contentLight = light === null ? null : readContentLight(light);
  return {
    ...(masteringDisplay === null ? {} : { masteringDisplay }),
    ...(contentLight === null ? {} : { contentLight }),
  };
}

/** Sets the HDR data of a muxer's track. */
export function writeHdrMetadata(parameters: CodecParameters, { masteringDisplay, contentLight }: HdrMetadata): void {
  if (masteringDisplay !== undefined) {
    parameters.addCodedSideData(AV_PKT_DATA_MASTERING_DISPLAY_METADATA, formatMasteringDisplay(masteringDisplay));
  }
  if (contentLight !== undefined) {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(contentLight.maxContent, 0);
    bytes.writeUInt32LE(contentLight.maxFrameAverage, 4);
    parameters.addCodedSideData(AV_PKT_DATA_CONTENT_LIGHT_LEVEL, bytes);
  }
}

/**
 * Returns the encoder's options that write the HDR data into the coded stream; unchanged for encoders without such
 * options.
 */
export function hdrOptions(
  encoder: string,
  options: Readonly<Record<string, string>>,
  { masteringDisplay: display, contentLight: light }: HdrMetadata,
): Readonly<Record<string, string>> {
  const form = forms[encoder];
  if (form === undefined) return options;
  const words = [
    ...(options[form.option] === undefined ? [] : [options[form.option]]),
    ...(display === undefined ? [] : [`${form.mastering}=${describeDisplay(display, form.isDecimal)}`]),
    ...(light === undefined ? [] : [`${form.light}=${light.maxContent},${light.maxFrameAverage}`]),
  ];
  return words.length === 0 ? options : { ...options, [form.option]: words.join(':') };
}

interface Form {
  readonly option: string;
  readonly mastering: string;
  readonly light: string;
  /** True if values are decimal fractions, false if they are counts of the units of ST 2086. */
  readonly isDecimal: boolean;
}

const forms: Readonly<Record<string, Form>> = {
  libx264: { option: 'x264-params', mastering: 'mastering-display', light: 'cll', isDecimal: false },
  libx265: { option: 'x265-params', mastering: 'master-display', light: 'max-cll', isDecimal: false },
  libsvtav1: { option: 'svtav1-params', mastering: 'mastering-display', light: 'content-light', isDecimal: true },
};

function describeDisplay(display: MasteringDisplay, isDecimal: boolean): string {
  const point = (x: number, y: number) =>
    isDecimal ? `(${x / chromaticityUnit},${y / chromaticityUnit})` : `(${x},${y})`;
  const [most, least] = [display.maxLuminance, display.minLuminance];
  const luminances = isDecimal ? `(${most / luminanceUnit},${least / luminanceUnit})` : `(${most},${least})`;
  return [
    `G${point(display.greenX, display.greenY)}`,
    `B${point(display.blueX, display.blueY)}`,
    `R${point(display.redX, display.redY)}`,
    `WP${point(display.whiteX, display.whiteY)}`,
    `L${luminances}`,
  ].join('');
}

function readMasteringDisplay(bytes: Buffer): MasteringDisplay | null {
  if (bytes.length < masteringBytes) return null;
  const hasPrimaries = bytes.readInt32LE(80) !== 0;
  const hasLuminance = bytes.readInt32LE(84) !== 0;
  const value = (index: number, unit: number, limit: number, isGiven: boolean) => {
    const [num, den] = [bytes.readInt32LE(index * 8), bytes.readInt32LE(index * 8 + 4)];
    return isGiven && den !== 0 ? Math.min(Math.max(Math.round((num * unit) / den), 0), limit) : 0;
  };
  const point = (index: number) => value(index, chromaticityUnit, 0xffff, hasPrimaries);
  const display = {
    ...{ redX: point(0), redY: point(1), greenX: point(2), greenY: point(3) },
    ...{ blueX: point(4), blueY: point(5), whiteX: point(6), whiteY: point(7) },
    minLuminance: value(8, luminanceUnit, 0x7fffffff, hasLuminance),
    maxLuminance: value(9, luminanceUnit, 0x7fffffff, hasLuminance),
  };
  return hasPrimaries || hasLuminance ? display : null;
}

function formatMasteringDisplay(display: MasteringDisplay): Buffer {
  const bytes = Buffer.alloc(masteringBytes);
  const points = [
    ...[display.redX, display.redY, display.greenX, display.greenY],
    ...[display.blueX, display.blueY, display.whiteX, display.whiteY],
  ];
  const luminances = [display.minLuminance, display.maxLuminance];
  [...points, ...luminances].forEach((value, index) => {
    bytes.writeInt32LE(value, index * 8);
    bytes.writeInt32LE(index < points.length ? chromaticityUnit : luminanceUnit, index * 8 + 4);
  });
  bytes.writeInt32LE(Number(points.some((value) => value !== 0)), 80);
  bytes.writeInt32LE(Number(luminances.some((value) => value !== 0)), 84);
  return bytes;
}

function readContentLight(bytes: Buffer): ContentLight | null {
  if (bytes.length < 8) return null;
  const [maxContent, maxFrameAverage] = [0, 4].map((at) => Math.min(bytes.readUInt32LE(at), 0xffff)) as [
    number,
    number,
  ];
  return maxContent + maxFrameAverage === 0 ? null : { maxContent, maxFrameAverage };
}
