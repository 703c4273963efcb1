import { LOOK_AHEAD_SETTINGS, type LookAheadSettings } from '../../look-ahead-settings.js';
import type { SearchDirections } from '../../../kernels/motion-search.js';
import type { Tune } from '../../sequence-options.js';

/**
 * All values that control the encoder's decisions, in groups. None of them changes how a decoder reads a stream. The
 * record is plain data, so threads can receive it as a message. Comments name the section of training/LOG.md that
 * measured a value; docs/ENCODER.md says where the others come from.
 */
export interface EncoderSettings {
  readonly lookAhead: LookAheadSettings;
  readonly structure: StructureSettings;
  readonly miniGop: MiniGopSettings;
  readonly propagation: PropagationSettings;
  /** Null: texture does not change the quality of a region. */
  readonly adaptiveQuality: AdaptiveQualitySettings | null;
  /** Null: frames are coded as they are. */
  readonly temporalFilter: TemporalFilterSettings | null;
  readonly lagrangian: LagrangianSettings;
  readonly motion: MotionSettings;
  readonly inter: InterSettings;
  readonly intra: IntraSettings;
  readonly rates: RateSettings;
  readonly passes: PassSettings;
}

/** What is done for a frame as a whole. */
export interface PassSettings {
  /** Decisions of a key frame: 2 counts the statistics of its scene first, then decides again. */
  readonly key: 1 | 2;
  /**
   * The loop filter is tried on frames that fill a slot up to this one: 0 and 1 anchors, then levels of the pyramid, Infinity: all
   * that others refer to; null: on all frames.
   */
  readonly filterSlots: number | null;
  /** Differences from a region's q that are tried beside it. */
  readonly offsetTrials: readonly number[];
  /** Whether costs of tokens are learned from all frames; else from those that others refer to. */
  readonly learnsAll: boolean;
}

/** Limits of the look-ahead. */
export interface StructureSettings {
  /** The largest number of frames of the look-ahead. */
  readonly lookAheadFrames: number;
  /** The largest memory of waiting pictures, in bytes. Large pictures get a shorter look-ahead. */
  readonly lookAheadBytes: number;
  /** The largest number of frames of a mini-GOP, a power of two. */
  readonly largestMiniGop: number;
}

/** How to divide the frames between key frames into mini-GOPs. */
export interface MiniGopSettings {
  /** False: mini-GOPs are as large as they may be, and nothing is estimated for that. */
  readonly isChosen: boolean;
  /** Weight of a cost in frames between anchors, which are coded at lower quality. */
  readonly innerWeight: number;
  /** Mini-GOPs with more frames than this need a well-predicted anchor. */
  readonly usualFrames: number;
  /** An anchor is well predicted if its inter cost is at most this share of its intra cost. */
  readonly wellPredicted: number;
}

/** How quality depends on the use of a block by later frames. */
export interface PropagationSettings {
  /** q per doubling of the information that later frames use from a block. */
  readonly strength: number;
  /** The largest increase of q of a frame. */
  readonly limit: number;
  /** What each of two references passes to their average, as a share of what one alone passes. */
  readonly averageShare: number;
  /** Coefficients that every block counts for: keeps ratios of flat blocks small. */
  readonly least: number;
}

/** How quality depends on texture. */
export interface AdaptiveQualitySettings {
  /** q per halving of a region's variance against the frame's. */
  readonly strength: number;
  /** Added to the variance of each block: smaller variances are noise. */
  readonly noise: number;
}

/** How frames that later ones depend on are averaged with their neighbours before they are coded. */
export interface TemporalFilterSettings {
  /** q that a frame must have gained by what later frames take over; others are coded as they are. */
  readonly leastGain: number;
  /** Weights of neighbours by their distance in frames, from 1 on; the frame's own is 1. At most 5, 0..1. */
  readonly distanceWeights: readonly number[];
  /** Blocks that later frames take over at least this many times have these weights; others have less. */
  readonly fullDependence: number;
  /** Blocks that later frames take over fewer times stay as they are. */
  readonly leastDependence: number;
  /** Squared error of a moved block that halves its weight, per sample, in squared quantiser steps. */
  readonly tolerance: number;
  /** Samples that differ by this many quantiser steps have no weight. */
  readonly reach: number;
  /** Motion search: SATD per bit of a vector, and hexagon steps at most. */
  readonly vectorWeight: number;
  readonly searchSteps: number;
}

/** What error and bits cost against each other. */
export interface LagrangianSettings {
  /** Squared error per bit, in squared quantiser steps, by the role of a frame. */
  readonly key: number;
  readonly referenced: number;
  readonly unreferenced: number;
  /** SATD of a residual, as a multiple of the root of its squared error. */
  readonly satdFactor: number;
  /** Weight of chroma's squared error, sample by sample; luma's is 1. */
  readonly chromaWeight: number;
}

/** Motion search. */
export interface MotionSettings {
  /** The pack's luma filter that all frames use. */
  readonly interpolation: number;
  /** The largest number of hexagon steps. */
  readonly searchSteps: number;
  /** Whole samples that a block may lie outside the picture, at most what a picture's border allows. */
  readonly outside: number;
  /** Largest component of a vector, whole samples. */
  readonly range: number;
  /** Vectors of an average are searched again if the average costs at most this multiple of the better vector alone. */
  readonly refineMargin: number;
  /** Directions in which parts of a sample are searched. */
  readonly directions: SearchDirections;
}

/** Trials of prediction from other frames. */
export interface InterSettings {
  /** Of merged and new motion, the one with the larger SATD cost is tried in full below this multiple of the other. */
  readonly trialMargin: number;
  /** Nothing more is tried if skipping costs less than this many bits; by size of the block. */
  readonly earlySkipBits: readonly [number, number, number];
  /**
   * Null: a large block is tried in full after its quarters are decided. Else before: if the best way costs less than this
   * many bits (by size of the block), or no residual pays and `stopAtSkip` is set, its quarters are not tried.
   */
  readonly stopBits: readonly [number, number, number] | null;
  readonly stopAtSkip: boolean;
  /** Frames whose macroblocks may be split into four motions. */
  readonly splitFrames: 'all' | 'referenced' | 'none';
  /** Of a split and the best motion of the whole, the split is tried in full below this multiple of the other's SATD cost. */
  readonly splitMargin: number;
  /** Whether both transforms of a macroblock are tried in inter prediction; else the 16x16 one alone. */
  readonly bothTransforms: boolean;
}

/** Trials of prediction within a picture. */
export interface IntraSettings {
  /** In inter frames, intra prediction is not tried if the best trial so far costs less than this many bits; */
  readonly leastBits: number;
  /** all modes are ranked only if one of the first few costs at most this multiple of the best inter SATD cost; */
  readonly firstMargin: number;
  /** and the best mode is tried in full up to this multiple of it. */
  readonly interMargin: number;
  /** In key frames, the second 16x16 mode is tried in full below this multiple of the best mode's SATD cost. */
  readonly secondMargin: number;
  /** Whether modes beside the best ones of the first ranking are tried. */
  readonly fine: boolean;
  /** Whether sub-blocks with modes of their own are tried in inter frames. */
  readonly subBlocksInInter: boolean;
}

/** Estimates of the costs of tokens. */
export interface RateSettings {
  /** Share of the counts that is kept from frame to frame. */
  readonly decay: number;
  /** Weight of the starting distribution, in tokens. */
  readonly startWeight: number;
  /** Scale of the starting distribution in the first group, and how much each group lowers it. */
  readonly startScale: number;
  readonly startScaleFall: number;
}

/** Values that are the same in all settings. The stream header needs them before the first frame is decided. */
export const STRUCTURE_SETTINGS: StructureSettings = {
  // LOG, "B frames, and where bits go".
  lookAheadFrames: 40,
  lookAheadBytes: 192 * 2 ** 20,
  // LOG, "Mini-GOPs of sixteen frames".
  largestMiniGop: 16,
};

/** LOG, "Tuning decisions for what is seen": settings of `--tune psnr`. */
const PSNR: EncoderSettings = {
  lookAhead: LOOK_AHEAD_SETTINGS,
  structure: STRUCTURE_SETTINGS,
  miniGop: {
    isChosen: true,
    // The ratio 0.15 / 0.18 of the weights that LOG, "B frames", kept for referenced and unreferenced frames.
    innerWeight: 1 / 1.2,
    // LOG, "Mini-GOPs of sixteen frames".
    usualFrames: 8,
    wellPredicted: 0.7,
  },
  // LOG, "Propagation and lambda after large blocks".
  propagation: { strength: 3.5, limit: 12, averageShare: 0.35, least: 4 },
  adaptiveQuality: null,
  temporalFilter: {
    // LOG, "Temporal filter".
    leastGain: 2,
    distanceWeights: [1, 0.8, 0.6, 0.5],
    fullDependence: 4,
    leastDependence: 0.25,
    tolerance: 0.1,
    reach: 2,
    vectorWeight: 4,
    searchSteps: 8,
  },
  lagrangian: {
    // LOG, "B frames" and "Tuning decisions": 0.1, 0.12, 0.14; LOG, "Propagation and lambda after large blocks".
    key: 0.07,
    referenced: 0.1,
    unreferenced: 0.14,
    satdFactor: 1.4,
    chromaWeight: 1,
  },
  motion: {
    // The 8-tap filter. LOG, "Encoder, on five development clips": the bilinear one costs 22 % more bits.
    interpolation: 1,
    searchSteps: 24,
    outside: 24,
    range: 1024,
    refineMargin: 1.15,
    directions: 8,
  },
  inter: {
    // LOG, "Encoder, on five development clips": more full trials save 0.6 % of the bits.
    trialMargin: 1.25,
    // Of larger blocks: docs/ENCODER.md. LOG, "Faster decisions": 8, 16, 32 save 0.07 % of the bits; "Early skips": 32, 64, 128
    // cost smooth HD pictures up to 6 %.
    earlySkipBits: [16, 32, 64],
    stopBits: null,
    stopAtSkip: false,
    splitFrames: 'all',
    splitMargin: 1,
    bothTransforms: true,
  },
  // LOG, "Faster decisions".
  intra: { leastBits: 20, firstMargin: 2, interMargin: 1, secondMargin: 1.1, fine: true, subBlocksInInter: true },
  rates: { decay: 0.7, startWeight: 24, startScale: 22, startScaleFall: 0.8 },
  passes: { key: 2, filterSlots: Infinity, offsetTrials: [], learnsAll: true },
};

/** The settings of each tune, with the preset `medium`. */
export const ENCODER_SETTINGS: Readonly<Record<Tune, EncoderSettings>> = {
  psnr: PSNR,
  // LOG, "Tuning decisions": the variance rule of strength 1 with 4 added, and chroma counted twice. LOG, "Temporal filter":
  // LPIPS wants grain.
  lpips: {
    ...PSNR,
    // LOG, "Propagation and lambda after large blocks": 3.5 gains nothing by LPIPS.
    propagation: { ...PSNR.propagation, strength: 3 },
    adaptiveQuality: { strength: 1, noise: 4 },
    temporalFilter: null,
    lagrangian: { ...PSNR.lagrangian, chromaWeight: 2 },
  },
};
