import type { Geometry } from '../frame-tokens.js';
import { STRUCTURE_SETTINGS, type StructureSettings } from './settings.js';

/** The limits of the coding order. */
export interface CodingStructure {
  /** The number of frames of the look-ahead, at least 2. */
  readonly depth: number;
  /** The largest number of frames of a mini-GOP, a power of two. */
  readonly largestMiniGop: number;
  /** Reference slots: one for each level of the pyramid with reference frames, and one more for anchors. */
  readonly slotCount: number;
  /** The number of frames that a decoder holds back to show all frames in order. */
  readonly reorderDepth: number;
}

/**
 * The structure for pictures of one size.
 *
 * @param keyint the largest distance between key frames, in frames, at least 1.
 */
export function codingStructure(
  geometry: Geometry,
  keyint: number,
  settings: StructureSettings = STRUCTURE_SETTINGS,
): CodingStructure {
  const frameBytes = geometry.codedWidth * geometry.codedHeight * 1.5;
  const depth = Math.max(2, Math.min(settings.lookAheadFrames, Math.floor(settings.lookAheadBytes / frameBytes)));
  let { largestMiniGop } = settings;
  while (largestMiniGop > 1 && (2 * largestMiniGop > depth || largestMiniGop >= keyint)) largestMiniGop /= 2;
  const levels = Math.log2(largestMiniGop);
  return { depth, largestMiniGop, slotCount: 1 + levels, reorderDepth: levels };
}
