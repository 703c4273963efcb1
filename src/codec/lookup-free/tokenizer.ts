import { TOKEN_CHANNELS } from './bit-tables.js';
import type { Graph } from '../../model/graph.js';
import type { GraphTensor } from '../../model/network.js';
import type { Planes } from '../planes.js';
import { GROUP, type CellGrid } from './cell-grid.js';

/** The state that both networks carry from one token grid to the next: uint8 [1, S, rows, columns]. */
export type TokenizerState = GraphTensor;

/** Planes of the four pictures of a token grid, one after another: y [4, codedHeight, codedWidth]. */
export type PictureGroup = Planes;

/** The state at the start of a chunk. Each channel has one value for all cells. */
export function firstState({ rows, columns, cells }: CellGrid, values: Uint8Array): TokenizerState {
  const data = new Uint8Array(values.length * cells);
  values.forEach((value, channel) => data.fill(value, channel * cells, (channel + 1) * cells));
  return { data, dims: [1, values.length, rows, columns] };
}

/** The log-odds of each channel's sign, uint8 [18, rows, columns]: eighths of a nat around 127.5. */
export type Evidence = Uint8Array;

/**
 * Returns the evidence for the tokens of four pictures (Yu et al. 2024, "Language Model Beats Diffusion: Tokenizer is
 * Key to Visual Generation", section 3: signs of a causal network's output, no codebook). It uses float arithmetic,
 * because only the encoder needs it.
 *
 * @param channels in use, 1..18.
 */
export async function evidenceOf(
  graph: Pick<Graph, 'run'>,
  { codedWidth: width, codedHeight: height }: CellGrid,
  { y, u, v }: PictureGroup,
  state: TokenizerState,
  channels: number,
): Promise<Evidence> {
  const { evidence } = await graph.run({
    y: { data: y, dims: [GROUP, height, width] },
    u: { data: u, dims: [GROUP, height / 2, width / 2] },
    v: { data: v, dims: [GROUP, height / 2, width / 2] },
    state,
    channels: channelMask(channels),
  });
  return evidence!.data;
}

/** Returns the pictures of the token grid with these ids [rows, columns], and the state for the next token grid. */
export async function picturesOf(
  graph: Pick<Graph, 'run'>,
  { rows, columns, cells }: CellGrid,
  ids: Uint32Array,
  state: TokenizerState,
  channels: number,
): Promise<{ readonly pictures: PictureGroup; readonly state: TokenizerState }> {
  const bits = new Uint8Array(TOKEN_CHANNELS * cells);
  for (let channel = 0; channel < channels; channel++) {
    for (let cell = 0, at = channel * cells; cell < cells; cell++, at++) bits[at] = (ids[cell]! >>> channel) & 1;
  }
  const { y, u, v, nextState } = await graph.run({
    tokens: { data: bits, dims: [TOKEN_CHANNELS, rows, columns] },
    state,
    channels: channelMask(channels),
  });
  const plane = ({ data }: GraphTensor): Uint8Array<ArrayBuffer> => data as Uint8Array<ArrayBuffer>;
  return { pictures: { y: plane(y!), u: plane(u!), v: plane(v!) }, state: nextState! };
}

function channelMask(channels: number): GraphTensor {
  return { data: new Uint8Array(TOKEN_CHANNELS).fill(1, 0, channels), dims: [TOKEN_CHANNELS] };
}
