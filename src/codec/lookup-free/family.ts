import { readBitTables, TOKEN_CHANNELS } from './bit-tables.js';
import { LOOK_AHEAD_SETTINGS } from '../look-ahead-settings.js';
import { CellGrid, chunkLength } from './cell-grid.js';
import { CellTokenArrays } from './token-arrays.js';
import type { BitTokenSetup } from './workers/bit-token-worker.js';
import type { ChunkDecoderSetup } from './workers/chunk-decoder-worker.js';
import type { ChunkEncoderSetup } from './workers/chunk-encoder-worker.js';
import { Worker } from '../../platform/threads.js';
import { WorkerLink } from '../../threads/worker-link.js';
import type { SurveySetup } from '../workers/survey-worker.js';
import type { CodecFamily } from '../family.js';

/** Luma samples that a token stands for: four pictures of a cell. */
const PICTURE_SAMPLES = 256;

/** One network from pictures to binary tokens, another one back; the quality is the number of bits per token. */
export const lookupFreeFamily: CodecFamily = {
  quality: {
    min: 1,
    max: TOKEN_CHANNELS,
    default: TOKEN_CHANNELS,
    ladder: [6, 10, 14, TOKEN_CHANNELS],
    bits: (quality) => quality / PICTURE_SAMPLES,
  },
  canTune: false,
  // A key frame within a scene is compared with the frame before it.
  hasEqualChunks: false,
  codedWidth: (width) => new CellGrid(width, 1).codedWidth,
  structure: () => ({ slotCount: 1, reorderDepth: 0 }),
  openTokenArrays: (_pack, width, height) => new CellTokenArrays(new CellGrid(width, height)),
  open: ({ pack, ...common }) => {
    const tables = readBitTables(pack);
    const { firstState } = tables;
    const prior = pack.graphs.get('prior')!;
    const decoding: ChunkDecoderSetup = { ...common, firstState, decoder: pack.graphs.get('tokenizer-decoder')! };
    return {
      startSurvey: ({ keyint }) =>
        new WorkerLink(new Worker(new URL('../workers/survey-worker.js', import.meta.url)), {
          ...{ width: common.width, height: common.height },
          ...{ lookAhead: LOOK_AHEAD_SETTINGS, keyint: chunkLength(keyint) },
        } satisfies SurveySetup),
      startEncoder: ({ quality, keyint, isChunk = false }) =>
        new WorkerLink(new Worker(new URL('./workers/chunk-encoder-worker.js', import.meta.url)), {
          ...decoding,
          encoder: pack.graphs.get('tokenizer-encoder')!,
          ...{ prior, tables, channels: quality, keyint, isChunk },
        } satisfies ChunkEncoderSetup),
      startTokenCodec: () =>
        new WorkerLink(new Worker(new URL('./workers/bit-token-worker.js', import.meta.url)), {
          ...common,
          ...{ tables, prior },
        } satisfies BitTokenSetup),
      startDecoder: () =>
        new WorkerLink(new Worker(new URL('./workers/chunk-decoder-worker.js', import.meta.url)), decoding),
      // The manifest allows no post-filter in packs of this family.
      startPostFilters: () => [],
    };
  },
};
