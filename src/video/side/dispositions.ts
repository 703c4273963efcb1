/** The purposes of a track: bits of FFmpeg's `AV_DISPOSITION_*`, which do not change between its versions. */
const names: readonly (readonly [bit: number, name: string])[] = [
  [0x1, 'default'],
  [0x2, 'dub'],
  [0x4, 'original'],
  [0x8, 'comment'],
  [0x10, 'lyrics'],
  [0x20, 'karaoke'],
  [0x40, 'forced'],
  [0x80, 'hearing impaired'],
  [0x100, 'visual impaired'],
  [0x200, 'clean effects'],
  [0x400, 'attached picture'],
  [0x800, 'timed thumbnails'],
  [0x1000, 'non-diegetic'],
  [0x10000, 'captions'],
  [0x20000, 'descriptions'],
  [0x40000, 'metadata'],
  [0x80000, 'dependent'],
  [0x100000, 'still image'],
  [0x200000, 'multilayer'],
];

/** The names of the bits that are set. */
export function nameDispositions(disposition: number): string[] {
  return names.filter(([bit]) => (disposition & bit) !== 0).map(([, name]) => name);
}
