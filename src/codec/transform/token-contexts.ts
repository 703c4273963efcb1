import { ESCAPE } from '../../entropy/magnitude.js';

/** Kinds of transform tokens: 16x16, four 8x8, chroma. */
export const TOKEN_KINDS = 3;
/** Scales that the prior tells apart. */
export const SCALES = 32;
/** Contexts of a token with the same scale. */
export const CONTEXTS = 8;
/** Symbols of a magnitude: 0..14 and the escape. */
export const MAGNITUDES = ESCAPE + 1;
/** Earlier tokens that a token's context looks at. */
export const NEIGHBOURS = 6;
/** Stands for a neighbour that a token lacks. */
export const NO_NEIGHBOUR = 255;
/** A neighbour counts no more than this magnitude. */
export const NEIGHBOUR_LIMIT = 3;
