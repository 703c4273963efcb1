import type { Program, Step, View } from './program.js';

/** What a grid needs around it, positions on each side. */
export interface Margins {
  /** Outermost positions that no step reads. */
  readonly unused: number;
  /** Zeros around the grid that depth-wise layers read. */
  readonly zeros: number;
}

/** Returns the margins of each grid. */
export function marginsOf({ steps, gridCount }: Program): Margins[] {
  const unused = new Array<number>(gridCount).fill(Number.POSITIVE_INFINITY);
  const zeros = new Array<number>(gridCount).fill(0);
  const read = ({ grid, trim }: View, margin: number): void => {
    unused[grid.id] = Math.min(unused[grid.id]!, Math.max(0, margin) + trim);
  };
  for (const step of steps.toReversed()) {
    const margin = step.op === 'output' ? 0 : unused[step.output.grid.id]!;
    for (const view of viewsRead(step)) read(view, neededMargin(step, margin));
    if (step.op === 'depthwise') {
      const { id } = step.input.grid;
      zeros[id] = Math.max(zeros[id]!, step.weights.size >> 1);
    }
    if (step.op !== 'output' && !isPartial(step)) unused[step.output.grid.id] = 0;
  }
  return unused.map((margin, id) => ({ unused: Number.isFinite(margin) ? margin : 0, zeros: zeros[id]! }));
}

/** Views that a step reads. */
export function viewsRead(step: Step): readonly View[] {
  if (step.op === 'input') return [];
  return 'terms' in step ? step.terms.map(({ view }) => view) : [step.input];
}

/** Whether a step can leave out the margin of its output. */
export function isPartial(step: Step): boolean {
  return step.op === 'linear' || step.op === 'depthwise' || step.op === 'combine' || step.op === 'mix';
}

/** The margin of its inputs that a step does not need if its output has this one. */
function neededMargin(step: Step, margin: number): number {
  if (step.op === 'depthwise') return margin - (step.weights.size >> 1);
  return isPartial(step) ? margin : 0;
}
