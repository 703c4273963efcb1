import { Kernels } from '../../../kernels/kernels.js';
import { threadPort } from '../../../platform/threads.js';
import { RowDecision } from '../encoder/row-decision.js';
import { Geometry } from '../frame-tokens.js';
import type { DecisionRequest } from './decision-workers.js';

const port = threadPort();
let rows: RowDecision | undefined;

port.onMessage((message) => {
  const request = message as DecisionRequest;
  if ('memory' in request) {
    const { memory, shared, thread } = request;
    // Messages do not keep methods.
    const { width, height } = shared.geometry;
    rows = new RowDecision(new Kernels(memory), { ...shared, geometry: new Geometry(width, height) }, thread);
    port.postMessage('joined');
    return;
  }
  if (!rows!.hasRows) return;
  if ('filter' in request) {
    rows!.filter(request.filter);
    return;
  }
  if (request.lesson !== null) rows!.learn(request.lesson);
  rows!.decide(request.job);
});
