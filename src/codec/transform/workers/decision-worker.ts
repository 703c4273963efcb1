import { parentPort } from 'node:worker_threads';
import { Kernels } from '../../../kernels/kernels.js';
import { RowDecision } from '../encoder/row-decision.js';
import { Geometry } from '../frame-tokens.js';
import type { DecisionRequest } from './decision-workers.js';

let rows: RowDecision | undefined;

parentPort!.on('message', (request: DecisionRequest) => {
  if ('memory' in request) {
    const { memory, shared, thread } = request;
    // What is sent loses its methods.
    const { width, height } = shared.geometry;
    rows = new RowDecision(new Kernels(memory), { ...shared, geometry: new Geometry(width, height) }, thread);
    parentPort!.postMessage('joined');
    return;
  }
  if (request.lesson !== null) rows!.learn(request.lesson);
  rows!.decide(request.job);
});
