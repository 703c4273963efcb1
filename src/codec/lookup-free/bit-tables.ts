import { requireFamily } from '../../model/families.js';
import type { ModelPack } from '../../model/pack.js';
import { TableReader } from '../../model/table-reader.js';

/** The number of bits of a token in a lookup-free pack. */
export const TOKEN_CHANNELS = 18;
/** The number of certainty levels of the prior. Each channel has one table per level. */
export const BIT_LEVELS = 64;

/** The tables of a lookup-free pack (docs/FORMAT.md section 13). */
export interface BitTables {
  /** int8 [18, 18]: the value that channel j adds to the logit of channel i > j; zero elsewhere. */
  readonly channelWeights: Int8Array<ArrayBuffer>;
  /** uint16 [18 * 64, 2]: frequencies of a negative and a positive bit, rows sum to 32768. */
  readonly bitTables: Uint16Array<ArrayBuffer>;
  /** uint8 [S]: the initial value of each channel of the tokenizer's state, for the start of a chunk. */
  readonly firstState: Uint8Array<ArrayBuffer>;
}

/**
 * Checks the tables of a lookup-free pack.
 *
 * @throws ModelError that names the table and its error.
 */
export function readBitTables(pack: Pick<ModelPack, 'name' | 'family' | 'tables'>): BitTables {
  requireFamily(pack, 'lookup-free');
  const reader = new TableReader(pack.name, pack.tables);
  const channelWeights = reader.read('channelWeights', 'I8', [TOKEN_CHANNELS, TOKEN_CHANNELS]).data;
  channelWeights.forEach((weight, at) => {
    if (weight !== 0 && at % TOKEN_CHANNELS >= Math.floor(at / TOKEN_CHANNELS)) {
      reader.fail('channelWeights', `value ${weight} at ${at} lets a channel depend on one that is not before it`);
    }
  });
  return {
    channelWeights,
    bitTables: reader.readFrequencies('bitTables', [TOKEN_CHANNELS * BIT_LEVELS, 2]),
    firstState: reader.read('firstState', 'U8', [undefined]).data,
  };
}
