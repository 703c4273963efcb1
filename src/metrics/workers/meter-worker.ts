import { serveRequests, type Served } from '../../threads/serve.js';
import { FrameMeter, type FrameMeterSetup, type FrameValues } from '../frame-meter.js';
import type { FramePair } from '../frame-pair.js';
import { unpackPairs, type PairBatch } from '../pair-batch.js';

serveRequests(async (setup: FrameMeterSetup) => {
  const meter = await FrameMeter.create(setup);
  return async (batch: PairBatch): Promise<Served<FrameValues[]>> => {
    const { before: first, pairs } = unpackPairs(batch);
    let before: FramePair | null = first;
    const response: FrameValues[] = [];
    for (const pair of pairs) {
      response.push(await meter.measure(pair, before));
      before = pair;
    }
    return { response };
  };
});
