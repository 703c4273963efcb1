/** Where graphs are evaluated. */
export type Device = 'cpu' | 'cuda';

/** How far onnxruntime may rewrite a graph. The exact graphs give the same bits at every level. */
export type GraphOptimisation = 'disabled' | 'basic' | 'extended' | 'all';
