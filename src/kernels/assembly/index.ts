export { scratchBytes, useScratch } from './scratch';
export { blockSad, blockSatd, blockSsd, halve } from './distortion';
export { rateDistortion } from './rate-distortion';
export { compensate, averageBlocks } from './compensation';
export { intraBoundary, intraPredict } from './intra';
export { forwardTransform, subtractBlock, clearAccumulator, accumulateAtoms, addResidual } from './transform';
export { quantiseTokens } from './quantisation';
export { searchMotion } from './motion-search';
export { extendEdges } from './planes';
