/** Fields of the header that only few videos need. If nothing follows, they end after the last one that is not 0. */
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { type FieldType, uint } from './field-types.js';
import { type DescribedField, structure } from './structure.js';

/**
 * Which field of an interlaced picture is shown first: that of the lines 0, 2, 4 ... or that of the lines 1, 3, 5 ...
 */
export type FieldOrder = 'topFirst' | 'bottomFirst';

/** The display on which HDR pictures were mastered (SMPTE ST 2086); all values are 0 if unknown. */
export interface MasteringDisplay {
  /** CIE 1931 chromaticities in units of 0.00002. */
  readonly redX: number;
  readonly redY: number;
  readonly greenX: number;
  readonly greenY: number;
  readonly blueX: number;
  readonly blueY: number;
  readonly whiteX: number;
  readonly whiteY: number;
  /** Units of 0.0001 cd/m2. */
  readonly maxLuminance: number;
  readonly minLuminance: number;
}

/** Light level of HDR pictures (CTA-861.3), cd/m2; 0 if unknown. */
export interface ContentLight {
  /** The light level of the brightest sample. */
  readonly maxContent: number;
  /** The greatest mean light level of a frame. */
  readonly maxFrameAverage: number;
}

/** The display fields of a video. A missing field has its default: progressive pictures, no HDR data. */
export interface DisplayFields {
  readonly fieldOrder?: FieldOrder | undefined;
  readonly masteringDisplay?: MasteringDisplay | undefined;
  readonly contentLight?: ContentLight | undefined;
}

const orders: readonly (FieldOrder | undefined)[] = [undefined, 'topFirst', 'bottomFirst'];

const fieldOrder: FieldType<FieldOrder | undefined> = {
  wire: 'u8',
  write(writer, value, name) {
    uint(1, 0, 2).write(writer, orders.indexOf(value), name);
  },
  read: (reader, name) => orders[uint(1, 0, 2).read(reader, name)],
  size: () => 1,
  describe: (value) => (value === 'topFirst' ? 'top field first' : 'bottom field first'),
};

const chromaticity = uint(2, 0, 0xffff);
const luminance = uint(4, 0, 0xffffffff);
const masteringDisplay = structure({
  ...{ redX: chromaticity, redY: chromaticity, greenX: chromaticity, greenY: chromaticity },
  ...{ blueX: chromaticity, blueY: chromaticity, whiteX: chromaticity, whiteY: chromaticity },
  ...{ maxLuminance: luminance, minLuminance: luminance },
});
const contentLight = structure({ maxContent: uint(2, 0, 0xffff), maxFrameAverage: uint(2, 0, 0xffff) });

/** Names and types of the fields, in the order of the stream. */
export const displayFieldNames: readonly (keyof DisplayFields)[] = ['fieldOrder', 'masteringDisplay', 'contentLight'];

const zeros = {
  masteringDisplay: {
    ...{ redX: 0, redY: 0, greenX: 0, greenY: 0, blueX: 0, blueY: 0, whiteX: 0, whiteY: 0 },
    ...{ maxLuminance: 0, minLuminance: 0 },
  },
  contentLight: { maxContent: 0, maxFrameAverage: 0 },
};

/** Returns the number of fields that must be written: up to the last field that is not 0. */
function countOf(given: DisplayFields): number {
  return displayFieldNames.findLastIndex((name) => given[name] !== undefined) + 1;
}

/** Returns the number of bytes that {@link writeDisplayFields} writes. */
export function displayFieldsSize(given: DisplayFields, isWhole: boolean): number {
  const sizes = [1, masteringDisplay.size(zeros.masteringDisplay), contentLight.size(zeros.contentLight)];
  return sizes.slice(0, isWhole ? sizes.length : countOf(given)).reduce((sum, size) => sum + size, 0);
}

/**
 * Writes the fields up to the last one that is not 0.
 *
 * @param isWhole true: writes all fields, because others follow.
 */
export function writeDisplayFields(writer: ByteWriter, given: DisplayFields, isWhole: boolean): void {
  const count = isWhole ? displayFieldNames.length : countOf(given);
  if (count > 0) fieldOrder.write(writer, given.fieldOrder, 'fieldOrder');
  if (count > 1) masteringDisplay.write(writer, given.masteringDisplay ?? zeros.masteringDisplay, 'masteringDisplay');
  if (count > 2) contentLight.write(writer, given.contentLight ?? zeros.contentLight, 'contentLight');
}

/**
 * Reads the fields that are there.
 *
 * @throws BitstreamError if one is cut or has no allowed value
 */
export function readDisplayFields(reader: ByteReader): DisplayFields {
  const order = reader.remaining === 0 ? undefined : fieldOrder.read(reader, 'fieldOrder');
  const display = reader.remaining === 0 ? undefined : masteringDisplay.read(reader, 'masteringDisplay');
  const light = reader.remaining === 0 ? undefined : contentLight.read(reader, 'contentLight');
  const tells = (record: object | undefined) => Object.values(record ?? {}).some((value) => value !== 0);
  return {
    ...(order === undefined ? {} : { fieldOrder: order }),
    ...(tells(display) ? { masteringDisplay: display } : {}),
    ...(tells(light) ? { contentLight: light } : {}),
  };
}

/** Returns the names and values of the present fields, as text for people. */
export function listDisplayFields(given: DisplayFields): DescribedField[] {
  const lines: DescribedField[] = [];
  if (given.fieldOrder !== undefined) {
    lines.push({ name: 'fieldOrder', value: fieldOrder.describe(given.fieldOrder) });
  }
  const display = given.masteringDisplay;
  if (display !== undefined) {
    const point = (x: number, y: number) => `${(x / 50000).toFixed(4)} ${(y / 50000).toFixed(4)}`;
    const value =
      `red ${point(display.redX, display.redY)}, green ${point(display.greenX, display.greenY)}, ` +
      `blue ${point(display.blueX, display.blueY)}, white ${point(display.whiteX, display.whiteY)}, ` +
      `${display.minLuminance / 10000} to ${display.maxLuminance / 10000} cd/m2`;
    lines.push({ name: 'masteringDisplay', value });
  }
  const light = given.contentLight;
  if (light !== undefined) {
    const value = `${light.maxContent} cd/m2 at most, ${light.maxFrameAverage} as a frame's mean`;
    lines.push({ name: 'contentLight', value });
  }
  return lines;
}

/** Returns only the display fields of a larger record. */
export function displayFieldsOf(given: DisplayFields): DisplayFields {
  return Object.fromEntries(
    displayFieldNames.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
}
