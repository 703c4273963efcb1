// Sizes that the kernels support. TypeScript has the same in codec/macroblock-grid.ts, codec/transform/pack-tables.ts,
// codec/transform/token-contexts.ts and entropy/magnitude.ts; a test compares them.

/** Width and height of the largest block. */
// @ts-ignore: decorator
@inline
export const LARGEST_BLOCK: i32 = 64;
/** Frequencies per direction that transforms of 32x32 and 64x64 keep. */
// @ts-ignore: decorator
@inline
export const LARGE_FREQUENCIES: i32 = 16;
/** Width and height of a macroblock's luma. */
// @ts-ignore: decorator
@inline
export const MACROBLOCK: i32 = 16;
/** Width and height of a macroblock's luma sub-blocks and chroma blocks. */
// @ts-ignore: decorator
@inline
export const SUB_BLOCK: i32 = 8;
/** Taps of the luma interpolation, the longest one. */
// @ts-ignore: decorator
@inline
export const LUMA_TAPS: i32 = 8;

/** The number of earlier tokens in a token's context, and the mark of a missing one. */
// @ts-ignore: decorator
@inline
export const NEIGHBOURS: i32 = 6;
// @ts-ignore: decorator
@inline
export const NO_NEIGHBOUR: i32 = 255;
/** The largest magnitude that counts for a neighbour. */
// @ts-ignore: decorator
@inline
export const NEIGHBOUR_LIMIT: i32 = 3;
/** The number of contexts of a token. */
// @ts-ignore: decorator
@inline
export const CONTEXTS: i32 = 8;
/** First magnitude that is coded with an escape; its symbol is the last one. */
// @ts-ignore: decorator
@inline
export const ESCAPE: i32 = 15;
/** Symbols of a magnitude. */
// @ts-ignore: decorator
@inline
export const MAGNITUDES: i32 = ESCAPE + 1;
/** Largest magnitude that the entropy coder can write. */
// @ts-ignore: decorator
@inline
export const MAGNITUDE_LIMIT: i32 = 16383;
/** Kinds of transform tokens, scales of the prior, luma tokens of a block: as many as a block of one kind has at most. */
// @ts-ignore: decorator
@inline
export const TOKEN_KINDS: i32 = 3;
// @ts-ignore: decorator
@inline
export const SCALES: i32 = 32;
// @ts-ignore: decorator
@inline
export const TOKENS: i32 = 256;
/** The second context of a token: sizes of its nearest neighbours, and parts of the tokens' order. */
// @ts-ignore: decorator
@inline
export const NEAR_SIZES: i32 = 7;
// @ts-ignore: decorator
@inline
export const PARTS: i32 = 5;
