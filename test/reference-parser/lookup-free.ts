import type { ReferenceHeader, ReferencePacket } from './container.js';
import { crc32cOf, marksOf, must, readContainer } from './container.js';
import type { ReferencePack, Values } from './pack.js';
import { SymbolStream, TableSet } from './symbols.js';

const CHANNELS = 18;

/** Neighbours in the order of section 13: [down, right]. */
const neighbours = [
  [0, -1],
  [-1, 0],
  [0, 1],
  [1, 0],
  [-1, -1],
  [-1, 1],
  [1, -1],
  [1, 1],
] as const;

/** Tokens of a token grid by "row,column": of each channel 1, -1, or 0 where it is absent. */
type TokenGrid = Map<string, number[]>;

/** Ids of a packet's own token grids in raster order; none if it shows a picture of the token grid before. */
export interface ParsedTokens {
  packet: ReferencePacket;
  ids: number[];
}

/** Section 13: the tokens of all packets of a stream. Throws at the first thing that is wrong. */
export async function* parseLookupFree(bytes: Uint8Array, pack: ReferencePack): AsyncGenerator<ParsedTokens> {
  const { header, packets } = readContainer(bytes);
  const tables = new TableSet(pack);
  let chunk: TokenGrid[] = [];
  let nextPicture = 4;
  const { isResilient } = header;
  const withoutMarks = marksOf(header);
  for (const packet of packets) {
    const { isKey } = packet;
    const tokens = withoutMarks(packet);
    must(packet.q >= 1 && packet.q <= CHANNELS, 'q');
    if (isKey) {
      tables.reset();
      chunk = [];
    }
    if (isKey || packet.variant === 0) {
      must(packet.variant < 2, 'variant');
      const stream = new SymbolStream(tokens);
      const ids: number[] = [];
      const isOwn = isResilient && !isKey;
      if (isOwn) tables.restore();
      // Token grids before the one that is before in the stream are not looked at.
      const before = isOwn ? (packet.hasQOffsets ? chunk.slice(-1) : []) : chunk;
      for (let count = 0; count <= packet.variant; count++) {
        const number = isOwn ? null : chunk.length;
        const frame = await readTokenFrame(header, packet.q, stream, before, number, tables, pack);
        chunk.push(frame);
        ids.push(...positions(header).map((position) => idOf(frame.get(String(position)) ?? [])));
      }
      stream.end();
      if (isKey) tables.keep();
      nextPicture = isKey ? 4 : 1;
      must(packet.loopChecksum === null || packet.loopChecksum === checksum(ids), 'loopChecksum');
      yield { packet, ids };
    } else {
      must(isResilient ? packet.variant >= nextPicture : packet.variant === nextPicture, 'variant');
      must(tokens.length === 0, 'tokens');
      nextPicture = packet.variant + 1;
      yield { packet, ids: [] };
    }
  }
}

/** CRC-32C of ids as u32. */
export function checksum(ids: readonly number[]): number {
  const bytes = Buffer.alloc(4 * ids.length);
  for (const [index, id] of ids.entries()) bytes.writeUInt32LE(id, 4 * index);
  return crc32cOf(bytes);
}

function positions({ width, height }: ReferenceHeader): [row: number, column: number][] {
  const [rows, columns] = [Math.ceil(height / 8), Math.ceil(width / 8)];
  return Array.from({ length: rows * columns }, (_, at) => [Math.floor(at / columns), at % columns]);
}

function idOf(signs: readonly number[]): number {
  return signs.reduce((id, sign, channel) => (sign > 0 ? id + 2 ** channel : id), 0);
}

async function readTokenFrame(
  header: ReferenceHeader,
  q: number,
  stream: SymbolStream,
  chunk: readonly TokenGrid[],
  /** Its number in the chunk; null if that does not count. */
  number: number | null,
  tables: TableSet,
  pack: ReferencePack,
): Promise<TokenGrid> {
  const frame: TokenGrid = new Map();
  const weights = pack.table('channelWeights').values;
  const look = (source: TokenGrid | undefined, row: number, column: number): number[] => {
    const signs = source?.get(`${row},${column}`) ?? [];
    return Array.from({ length: CHANNELS }, (_, channel) => 64 + 64 * (signs[channel] ?? 0));
  };
  const parities = ['0,0', '1,1', '0,1', '1,0'];
  for (const [pass, parity] of parities.entries()) {
    const cells = positions(header).filter(([row, column]) => `${row % 2},${column % 2}` === parity);
    if (cells.length === 0) continue;
    const about = Array.from({ length: 8 }, () => 0);
    about[0] = 7 * q;
    about[2 + pass] = 128;
    if (number === 0) about[1] = 128;
    if (number === 1) about[6] = 128;
    const { logit } = await pack.run('prior', {
      around: rows(cells, ([row, column]) => neighbours.flatMap(([dy, dx]) => look(frame, row + dy, column + dx))),
      before: rows(cells, ([row, column]) =>
        [[0, 0] as const, ...neighbours].flatMap(([dy, dx]) => look(chunk.at(-1), row + dy, column + dx)),
      ),
      older: rows(cells, ([row, column]) => look(chunk.at(-2), row, column)),
      about: rows(cells, () => about),
    });
    must(logit !== undefined, 'the prior gives logits');
    // What this pass reads is unknown to its own cells, so it counts only afterwards.
    for (const [index, position] of cells.entries()) {
      const signs: number[] = [];
      for (let channel = 0; channel < q; channel++) {
        const moved = signs.reduce((sum, sign, j) => sum + sign * (weights[channel * CHANNELS + j] ?? 0), 0);
        const level = Math.min(255, Math.max(0, (logit.values[index * CHANNELS + channel] ?? 0) + moved)) >> 2;
        signs.push(2 * tables.bit(stream, 64 * channel + level) - 1);
      }
      frame.set(String(position), signs);
    }
  }
  return frame;
}

function rows(
  cells: readonly [number, number][],
  describe: (position: readonly [number, number]) => readonly number[],
): Values {
  const values = cells.map(describe);
  return { shape: [cells.length, values[0]?.length ?? 0], values: Uint8Array.from(values.flat()) };
}
