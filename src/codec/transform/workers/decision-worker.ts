import { Kernels } from '../../../kernels/kernels.js';
import { threadPort } from '../../../platform/threads.js';
import { RateModel } from '../encoder/rate-model.js';
import { RowDecision } from '../encoder/row-decision.js';
import { Geometry } from '../frame-tokens.js';
import type { DecisionRequest } from './decision-workers.js';

const port = threadPort();
let rows: RowDecision | undefined;

port.onMessage((message) => {
  const request = message as DecisionRequest;
  if ('memory' in request) {
    const { memory, shared } = request;
    const kernels = new Kernels(memory);
    // Messages do not keep methods.
    const geometry = new Geometry(shared.geometry.width, shared.geometry.height);
    rows = new RowDecision(kernels, { ...shared, geometry }, new RateModel(kernels, shared.pack, shared.rates));
    port.postMessage('joined');
  } else if ('decide' in request) rows!.decide(request.decide);
  else rows!.filter(request.filter);
});
