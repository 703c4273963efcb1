import { Kernels } from '../../../kernels/kernels.js';
import { serveRequests, type Served } from '../../../threads/serve.js';
import type { SequenceOptions } from '../../sequence-options.js';
import type { EncoderRequest, WorkerSetup } from '../../workers/messages.js';
import { planBuffers, type FramePlan } from '../encoder/frame-plan.js';
import { SequencePlanner } from '../encoder/sequence-planner.js';
import { Geometry } from '../frame-tokens.js';
import type { PackTables } from '../pack-tables.js';

/** The setup of the planner worker. */
export interface PlannerSetup extends Pick<WorkerSetup, 'width' | 'height'> {
  readonly tables: PackTables;
  readonly options: SequenceOptions;
}

/** The plan of a frame; null if there is none yet, or, at the end, none left. */
export type PlannerResponse = FramePlan | null;

serveRequests(({ width, height, tables, options }: PlannerSetup) => {
  const planner = new SequencePlanner(new Kernels(), new Geometry(width, height), tables, options);
  return Promise.resolve((request: EncoderRequest): Promise<Served<PlannerResponse>> => {
    if (request.kind === 'restart') {
      planner.restart(request.quality);
      return Promise.resolve({ response: null });
    }
    const { picture, quality } = request;
    if (picture !== null) planner.push(picture);
    if (!planner.isReady(picture === null)) return Promise.resolve({ response: null });
    const response = planner.next(quality ?? undefined);
    return Promise.resolve({ response, transfer: planBuffers(response) });
  });
});
