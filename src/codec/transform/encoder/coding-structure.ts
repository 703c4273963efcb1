import type { Geometry } from '../frame-tokens.js';
import { STRUCTURE_SETTINGS } from './settings.js';

/** The limits of the coding order. */
export interface CodingStructure {
  /** Frames that are looked ahead, at least 2. */
  readonly depth: number;
  /** Frames of a mini-GOP at most, a power of two. */
  readonly largestMiniGop: number;
  /**
   * Reference slots: one for each level of the pyramid whose frames others are predicted from, one more for anchors.
   */
  readonly slotCount: number;
  /** Frames that a decoder holds back to show all in order. */
  readonly reorderDepth: number;
}

/**
 * The structure for pictures of one size.
 *
 * @param keyint frames from one key frame to the next at most, at least 1.
 */
export function codingStructure(geometry: Geometry, keyint: number, settings = STRUCTURE_SETTINGS): CodingStructure {
  const frameBytes = geometry.codedWidth * geometry.codedHeight * 1.5;
  const depth = Math.max(2, Math.min(settings.lookAheadFrames, Math.floor(settings.lookAheadBytes / frameBytes)));
  let { largestMiniGop } = settings;
  while (largestMiniGop > 1 && (2 * largestMiniGop > depth || largestMiniGop >= keyint)) largestMiniGop /= 2;
  const levels = Math.log2(largestMiniGop);
  return { depth, largestMiniGop, slotCount: 1 + levels, reorderDepth: levels };
}
