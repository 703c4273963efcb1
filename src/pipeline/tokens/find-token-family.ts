import type { StreamHeader } from '../../bitstream/stream-header.js';
import { Geometry } from '../../codec/transform/frame-tokens.js';
import { CellGrid } from '../../codec/lookup-free/cell-grid.js';
import { readPackTables } from '../../codec/transform/pack-tables.js';
import type { ModelPack } from '../../model/pack.js';
import { LookupFreeFamily } from './lookup-free-family.js';
import type { TokenFamily } from './token-family.js';
import { TransformFamily } from './transform-family.js';

/** What tokens of a pack are in files, for pictures of a stream's size. */
export function findTokenFamily(pack: ModelPack, { width, height }: StreamHeader): TokenFamily {
  switch (pack.family) {
    case 'transform':
      return new TransformFamily(new Geometry(width, height), readPackTables(pack));
    case 'lookup-free':
      return new LookupFreeFamily(new CellGrid(width, height));
  }
}
