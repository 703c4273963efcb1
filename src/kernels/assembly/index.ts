export { scratchBytes, useScratch } from './scratch';
export { blockSad, blockSatd, blockSsd, halve } from './distortion';
export { compensate, compensateSquare, averageBlocks } from './compensation';
export { enlargePrediction, intraBoundary, intraPredict, shrinkBoundary } from './intra';
export { dequantiseSeparable, forwardSeparable, inverseSeparable } from './separable-transform';
export { forwardTransform, subtractBlock, clearAccumulator, accumulateAtoms, addResidual } from './transform';
export { quantiseTokens } from './quantisation';
export { searchMotion } from './motion-search';
export { extendEdges } from './planes';
