/** The player as a module: nothing happens until its functions are called. */
export type * from './api.js';
export { decodeFrames } from './decode-frames.js';
export { defineTesseraVideo, TesseraVideoElement } from './element.js';
export { TesseraPlayer } from './player.js';
