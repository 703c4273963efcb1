import type { SearchDirections } from '../kernels/motion-search.js';

/**
 * How the look-ahead searches and judges, on half-size luma. docs/ENCODER.md says what its costs are and where each value
 * comes from.
 */
export interface LookAheadSettings {
  /** Weight of a vector's estimated bits: keeps the motion field smooth where a vector gains nothing. */
  readonly vectorWeight: number;
  /** Hexagon steps of a motion search at most. */
  readonly searchSteps: number;
  /** Directions in which parts of a sample are searched in the next frame and the one before; in others only whole ones are. */
  readonly directions: SearchDirections;
  /**
   * A frame may begin a new scene if its prediction from the frame before costs more than this share of its intra cost,
   */
  readonly sceneCut: number;
  /** and does so if that share is more than this multiple of the share in the frame before, */
  readonly sceneJump: number;
  /** or if prediction costs more than this multiple of the intra cost, no block's cost limited to its intra cost. */
  readonly unrelated: number;
  /** What prediction within the picture costs in SATD, as a share of the SATD against the block's mean. */
  readonly intraGain: number;
  /** SATD that every block has; keeps ratios of flat blocks small. */
  readonly floorCost: number;
  /** A frame that costs less than this many times `floorCost` per block is flat and begins no scene. */
  readonly flat: number;
  /** Squared error of a coded coefficient, in squared quantiser steps: costs are in units of it. */
  readonly distortion: number;
  /** Cost of prediction within the picture, as a share of the cost of a block less its mean. */
  readonly intraCost: number;
  /** Cost of the second vector of an average; the first one costs as much as an intra mode. */
  readonly averageCost: number;
  /** Quantisation noise of a reference, as a share of a coded coefficient's error; and of an average of two. */
  readonly singleNoise: number;
  readonly averageNoise: number;
}

/** The values that all packs use. */
export const LOOK_AHEAD_SETTINGS: LookAheadSettings = {
  vectorWeight: 2,
  searchSteps: 12,
  directions: 8,
  sceneCut: 0.75,
  // LOG, "Noise-like motion": 1.39 and more across cuts, 1.02 and less in water, fire and noise.
  unrelated: 1.1,
  sceneJump: 1.2,
  intraGain: 0.75,
  floorCost: 24,
  flat: 1.25,
  distortion: 0.04,
  intraCost: 0.85,
  averageCost: 3,
  singleNoise: 0.5,
  averageNoise: 0.3,
};
