import { readPackTables } from './pack-tables.js';
import { codingStructure } from './encoder/coding-structure.js';
import { settingsOf } from './encoder/presets.js';
import { planBuffers, type FramePlan } from './encoder/frame-plan.js';
import { Geometry, Q_LIMIT } from './frame-tokens.js';
import { TransformTokenArrays } from './token-arrays.js';
import type { DecoderSetup } from './workers/decoder-worker.js';
import type { EncoderSetup } from './workers/encoder-worker.js';
import type { PlannerResponse, PlannerSetup } from './workers/planner-worker.js';
import type { PostFilterSetup } from './workers/post-filter-worker.js';
import type { TokenSetup } from './workers/token-worker.js';
import { availableParallelism, Worker } from '../../platform/threads.js';
import { TwoStages } from '../../threads/two-stages.js';
import { WorkerLink } from '../../threads/worker-link.js';
import type { EncodedTokens, EncoderRequest } from '../workers/messages.js';
import type { SurveySetup } from '../workers/survey-worker.js';
import type { CodecFamily } from '../family.js';

/** The largest number of workers for the post-filter. The two workers before them cannot supply more. */
const MAX_POST_FILTERS = 3;

/** Bits per luma sample at a quality, and doublings of the bits per step. docs/ENCODER.md, "Rate control". */
const USUAL_BITS = 0.06;
const USUAL_QUALITY = 20;
const BITS_GROWTH = 0.18;

/** Blocks, motion and transforms, with learned parts. */
export const transformFamily: CodecFamily = {
  quality: {
    ...{ min: 0, max: Q_LIMIT, default: 28, ladder: [8, 14, 20, 26, 32, 38] },
    bits: (quality) => USUAL_BITS * 2 ** (BITS_GROWTH * (quality - USUAL_QUALITY)),
  },
  canTune: true,
  hasEqualChunks: true,
  codedWidth: (width) => new Geometry(width, 1).codedWidth,
  structure: (width, height, { keyint, tune, preset }) =>
    codingStructure(new Geometry(width, height), keyint, settingsOf(tune, preset).structure),
  openTokenArrays: (pack, width, height, isResilient) =>
    new TransformTokenArrays(new Geometry(width, height), readPackTables(pack), isResilient),
  open: ({ pack, ...common }) => {
    const setup = { ...common, tables: readPackTables(pack) };
    const loopFilter = pack.graphs.get('loop-filter')!;
    return {
      startSurvey: ({ tune, preset, keyint }) =>
        new WorkerLink(new Worker(new URL('../workers/survey-worker.js', import.meta.url)), {
          ...{ width: common.width, height: common.height },
          ...{ lookAhead: settingsOf(tune, preset).lookAhead, keyint },
        } satisfies SurveySetup),
      startEncoder: (options) =>
        new TwoStages(
          new WorkerLink<EncoderRequest, PlannerResponse>(
            new Worker(new URL('./workers/planner-worker.js', import.meta.url)),
            {
              ...{ width: common.width, height: common.height },
              ...{ tables: setup.tables, options },
            } satisfies PlannerSetup,
          ),
          new WorkerLink<FramePlan, EncodedTokens>(
            new Worker(new URL('./workers/encoder-worker.js', import.meta.url)),
            {
              ...setup,
              ...{ loopFilter, postFilter: pack.graphs.get('post-filter-lpips'), options },
            } satisfies EncoderSetup,
          ),
          planBuffers,
        ),
      startTokenCodec: () =>
        new WorkerLink(new Worker(new URL('./workers/token-worker.js', import.meta.url)), {
          ...setup,
          priorFirst: pack.graphs.get('prior-first')!,
          priorSecond: pack.graphs.get('prior-second')!,
        } satisfies TokenSetup),
      startDecoder: () =>
        new WorkerLink(new Worker(new URL('./workers/decoder-worker.js', import.meta.url)), {
          ...setup,
          loopFilter,
        } satisfies DecoderSetup),
      startPostFilters: (graph) => {
        const length = common.device === 'cuda' ? 1 : Math.min(MAX_POST_FILTERS, availableParallelism());
        const setup: PostFilterSetup = { ...common, graph };
        const start = (): Worker => new Worker(new URL('./workers/post-filter-worker.js', import.meta.url));
        return Array.from({ length }, () => new WorkerLink(start(), setup));
      },
    };
  },
};
