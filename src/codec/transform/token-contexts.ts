import { ESCAPE } from '../../entropy/magnitude.js';

/** Kinds of transform tokens: 16x16, four 8x8, chroma. */
export const TOKEN_KINDS = 3;
/** The number of scales of the prior. */
export const SCALES = 32;
/** Contexts of a token with the same scale. */
export const CONTEXTS = 8;
/** The second context of a token with the same scale: sizes of its two nearest neighbours, and parts of the tokens' order. */
export const NEAR_SIZES = 7;
export const PARTS = 5;
/** Symbols of a magnitude: 0..14 and the escape. */
export const MAGNITUDES = ESCAPE + 1;
/** The number of earlier tokens in the context of a token. */
export const NEIGHBOURS = 6;
/** Marks a neighbour that does not exist. */
export const NO_NEIGHBOUR = 255;
/** The largest magnitude that counts for a neighbour. */
export const NEIGHBOUR_LIMIT = 3;
