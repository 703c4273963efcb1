import { TOKEN_CHANNELS } from './bit-tables.js';
import type { Graph } from '../../model/graph.js';
import type { GraphTensor } from '../../model/network.js';
import { AROUND, type Offset } from '../neighbours.js';
import type { ChannelPlanes } from './channel-planes.js';

/** The offset of the cell itself, and the offsets of the cell and its neighbours. */
const ITSELF: readonly Offset[] = [[0, 0]];
const ITSELF_AND_AROUND = [...ITSELF, ...AROUND];
/** Values that describe the token grid and the pass. */
const ABOUT = 8;
/** The positions of these values; `pass` starts a one-hot group of four. */
const FIELD = { channels: 0, isFirst: 1, pass: 2, isSecond: 6 } as const;
const YES = 128;

/** The input of the prior for the cells of one pass. */
export interface BitContext {
  /** Channels in use, 1..18. */
  readonly channels: number;
  /** The number of the token grid in its chunk. */
  readonly tokenGrid: number;
  readonly pass: number;
  /** The channels of this token grid that are known so far. */
  readonly current: ChannelPlanes;
  /** The channels of the token grids before. */
  readonly before: ChannelPlanes;
  readonly older: ChannelPlanes;
}

/**
 * Returns the logits uint8 [cells, 18] of the bits of some cells, from the exact graph; 128 means even chances
 * (FORMAT.md section 13).
 *
 * Masked passes over a token grid follow MaskGIT (Chang et al. 2022), with a fixed schedule instead of confidence.
 */
export async function bitLogits(
  graph: Pick<Graph, 'run'>,
  context: BitContext,
  cells: Int32Array,
): Promise<Uint8Array> {
  const { current, before, older } = context;
  const result = await graph.run({
    around: rowsOf(cells, AROUND, current),
    before: rowsOf(cells, ITSELF_AND_AROUND, before),
    older: rowsOf(cells, ITSELF, older),
    about: aboutRows(context, cells.length),
  });
  return result['logit']!.data;
}

/** Returns the channels of the cells at `offsets` from each of `cells`: [cells, 18 offsets]. */
function rowsOf(cells: Int32Array, offsets: readonly Offset[], planes: ChannelPlanes): GraphTensor {
  const width = offsets.length * TOKEN_CHANNELS;
  const data = new Uint8Array(cells.length * width);
  let to = 0;
  for (const cell of cells) {
    for (const [dy, dx] of offsets) {
      planes.copy(cell, dy, dx, data, to);
      to += TOKEN_CHANNELS;
    }
  }
  return { data, dims: [cells.length, width] };
}

function aboutRows({ channels, tokenGrid, pass }: BitContext, count: number): GraphTensor {
  const row = new Uint8Array(ABOUT);
  row[FIELD.channels] = 7 * channels;
  if (tokenGrid === 0) row[FIELD.isFirst] = YES;
  row[FIELD.pass + pass] = YES;
  if (tokenGrid === 1) row[FIELD.isSecond] = YES;
  const data = new Uint8Array(count * ABOUT);
  for (let at = 0; at < data.length; at += ABOUT) data.set(row, at);
  return { data, dims: [count, ABOUT] };
}
