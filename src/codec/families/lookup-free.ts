import { readBitTables } from '../../model/bit-tables.js';
import { CellGrid } from '../lookup-free/cell-grid.js';
import type { BitTokenSetup } from '../workers/bit-token-worker.js';
import type { ChunkDecoderSetup } from '../workers/chunk-decoder-worker.js';
import type { ChunkEncoderSetup } from '../workers/chunk-encoder-worker.js';
import { WorkerLink } from '../workers/worker-link.js';
import type { CodecFamily, CodecSetup } from './family.js';

/** One network from pictures to binary tokens, another one back; the quality is the number of bits per token. */
export const lookupFreeFamily: CodecFamily = {
  quality: { min: 1, max: 18, default: 18, ladder: [6, 10, 14, 18] },
  canTune: false,
  codedWidth: (width) => new CellGrid(width, 1).codedWidth,
  structure: () => ({ slotCount: 1, reorderDepth: 0 }),
  startEncoder: (setup, { quality, keyint }) =>
    new WorkerLink(new URL('../workers/chunk-encoder-worker.js', import.meta.url), {
      ...decoderSetup(setup),
      encoder: setup.pack.graphs.get('tokenizer-encoder')!,
      ...{ channels: quality, keyint },
    } satisfies ChunkEncoderSetup),
  startTokenCodec: ({ pack, width, height, device, threads }) =>
    new WorkerLink(new URL('../workers/bit-token-worker.js', import.meta.url), {
      ...{ width, height, device, threads },
      tables: readBitTables(pack),
      prior: pack.graphs.get('prior')!,
    } satisfies BitTokenSetup),
  startDecoder: (setup) =>
    new WorkerLink(new URL('../workers/chunk-decoder-worker.js', import.meta.url), decoderSetup(setup)),
};

function decoderSetup({ pack, width, height, device, threads }: CodecSetup): ChunkDecoderSetup {
  const { firstState } = readBitTables(pack);
  return { width, height, device, threads, firstState, decoder: pack.graphs.get('tokenizer-decoder')! };
}
