import { Kernels } from '../../../kernels/kernels.js';
import { serveRequests, type Served } from '../../../threads/serve.js';
import { LookAhead, type LookAheadFrame } from '../../look-ahead.js';
import type { SequenceOptions } from '../../sequence-options.js';
import type { SurveyRequest, WorkerSetup } from '../../workers/messages.js';
import { KeyFrames } from '../encoder/key-frames.js';
import { settingsOf } from '../encoder/presets.js';
import { Geometry } from '../frame-tokens.js';

/** The setup of the survey worker. */
export interface SurveySetup extends Pick<WorkerSetup, 'width' | 'height'> {
  readonly options: SequenceOptions;
}

/** Quantiser step, samples; scene cuts do not depend on it. */
const STEP = 16;

// As in SequenceEncoder.push, without the rest of the encoder.
serveRequests(({ width, height, options: { tune, preset, keyint } }: SurveySetup) => {
  const lookAhead = new LookAhead(new Kernels(), new Geometry(width, height), settingsOf(tune, preset).lookAhead, STEP);
  const keyFrames = new KeyFrames(keyint);
  let last: LookAheadFrame | null = null;
  return Promise.resolve(({ y }: SurveyRequest): Promise<Served<boolean>> => {
    const frame = lookAhead.analyse(y);
    if (last !== null) lookAhead.release(last);
    last = frame;
    const isKey = keyFrames.isKey(frame.isSceneCut);
    if (isKey) lookAhead.forgetPast(frame);
    return Promise.resolve({ response: isKey });
  });
});
