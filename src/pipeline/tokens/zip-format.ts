import { uint, uint64 } from '../../bitstream/field-types.js';
import { structure } from '../../bitstream/structure.js';

/*
 * Records of a ZIP archive (PKWARE APPNOTE 6.3). Archives are written in the ZIP64 form throughout: a long video has more
 * entries and bytes than the old form can count, and one form is simpler than two. 2^32 - 1 and 2^16 - 1 in the old
 * fields say that the ZIP64 ones count.
 */

/** In a field of 4 bytes: the value stands in the ZIP64 fields. */
export const IN_ZIP64 = 2 ** 32 - 1;
/** The same in a field of 2 bytes. */
export const SHORT_IN_ZIP64 = 2 ** 16 - 1;
/** Id of the ZIP64 extra field. */
export const ZIP64_EXTRA_ID = 1;
/** Version needed to extract ZIP64 archives. */
export const ZIP64_VERSION = 45;
/** 1 January 1980, the earliest date: the same tokens give the same file. */
export const NO_DATE = 33;
/** Flag of names in UTF-8. */
export const UTF8_NAMES = 0x0800;

/** Compression methods. */
export const STORED = 0;
export const DEFLATED = 8;

/** First four bytes of each record. */
export const SIGNATURES = {
  local: 0x04034b50,
  central: 0x02014b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  end: 0x06054b50,
} as const;

const u16 = uint(2, 0, 2 ** 16 - 1);
const u32 = uint(4, 0, 2 ** 32 - 1);
const u64 = uint64(2n ** 64n - 1n);

const common = {
  version: u16,
  flags: u16,
  method: u16,
  time: u16,
  date: u16,
  crc: u32,
  packedBytes: u32,
  bytes: u32,
  nameBytes: u16,
  extraBytes: u16,
};

/** Stands before the name, the extra fields and the contents of an entry. */
export const localFields = structure({ signature: u32, ...common });

/** Entry of the directory; name, extra fields and comment follow. */
export const centralFields = structure({
  signature: u32,
  madeBy: u16,
  ...common,
  commentBytes: u16,
  disk: u16,
  internalAttributes: u16,
  externalAttributes: u32,
  offset: u32,
});

/** Head of an extra field. */
export const extraFields = structure({ id: u16, size: u16 });

/** Sizes in the ZIP64 extra field; in the directory the offset follows. */
export const sizes64Fields = structure({ bytes: u64, packedBytes: u64 });
export const offset64Fields = structure({ offset: u64 });

/** End of the directory, ZIP64. */
export const end64Fields = structure({
  signature: u32,
  size: u64,
  madeBy: u16,
  version: u16,
  disk: u32,
  directoryDisk: u32,
  entriesOnDisk: u64,
  entries: u64,
  directoryBytes: u64,
  directoryOffset: u64,
});
export const END64_BYTES = 56;

/** Tells where {@link end64Fields} stand. */
export const locator64Fields = structure({ signature: u32, disk: u32, offset: u64, disks: u32 });

/** End of the archive; a comment may follow. */
export const endFields = structure({
  signature: u32,
  disk: u16,
  directoryDisk: u16,
  entriesOnDisk: u16,
  entries: u16,
  directoryBytes: u32,
  directoryOffset: u32,
  commentBytes: u16,
});
