/** The LPIPS graph of the package, for encoders and for measuring. */
export { lpipsGraphPath, readLpipsGraph } from './node/lpips-graph.js';
