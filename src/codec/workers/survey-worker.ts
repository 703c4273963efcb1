import { Kernels } from '../../kernels/kernels.js';
import { release } from '../../platform/threads.js';
import { serveRequests, type Served } from '../../threads/serve.js';
import { KeyFrames } from '../key-frames.js';
import { LookAhead, type LookAheadFrame } from '../look-ahead.js';
import type { LookAheadSettings } from '../look-ahead-settings.js';
import { MacroblockGrid } from '../macroblock-grid.js';
import type { SurveyRequest, WorkerSetup } from './messages.js';

/** The setup of the survey worker. */
export interface SurveySetup extends Pick<WorkerSetup, 'width' | 'height'> {
  readonly lookAhead: LookAheadSettings;
  /** The largest distance between key frames, in frames. */
  readonly keyint: number;
}

/** Quantiser step, samples; scene cuts do not depend on it. */
const STEP = 16;

// As encoders take their pictures, without the rest of an encoder.
serveRequests(({ width, height, lookAhead: settings, keyint }: SurveySetup) => {
  const lookAhead = new LookAhead(new Kernels(), new MacroblockGrid(width, height), settings, STEP);
  const keyFrames = new KeyFrames(keyint);
  let last: LookAheadFrame | null = null;
  return Promise.resolve(({ y }: SurveyRequest): Promise<Served<boolean>> => {
    const frame = lookAhead.analyse(y);
    release([y.buffer]);
    if (last !== null) lookAhead.release(last);
    last = frame;
    const isKey = keyFrames.isKey(frame.isSceneCut);
    if (isKey) lookAhead.forgetPast(frame);
    return Promise.resolve({ response: isKey });
  });
});
