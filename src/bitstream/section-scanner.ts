import type { ByteWindow } from './byte-window.js';
import { RESYNC_CHECKSUM_BUDGET, RESYNC_WINDOW } from './limits.js';
import type { SectionHead } from './section.js';
import { isIntact, kindOfType, readSectionHead, SECTION_HEAD_LIMIT } from './section.js';

/** The size of the pictures of a stream. It limits the size of its packets. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A section with a good CRC. */
export interface IntactSection {
  readonly kind: 'intact';
  readonly offset: number;
  readonly head: SectionHead;
  /** A copy of the payload. */
  readonly payload: Uint8Array;
}

/** Bytes that do not form a valid section. */
export interface DamagedRange {
  readonly kind: 'damaged';
  readonly offset: number;
  readonly byteLength: number;
  /** The type byte at the start of the damaged bytes. */
  readonly type: number;
  readonly reason: string;
}

/** The stream ends before its end section is complete. */
export interface TruncatedRange {
  readonly kind: 'truncated';
  readonly offset: number;
  readonly byteLength: number;
  readonly reason: string;
}

/**
 * Reads the next section from a window. After damage, it searches for the next intact section of a known type. Returns
 * null if the stream ends between two sections.
 */
export async function nextSection(
  window: ByteWindow,
  size: PictureSize,
): Promise<IntactSection | DamagedRange | TruncatedRange | null> {
  await window.fill(SECTION_HEAD_LIMIT);
  if (window.available === 0) return null;
  const offset = window.position;
  const head = readSectionHead(window.peek(0, SECTION_HEAD_LIMIT), size);
  let reason: string;
  if (typeof head === 'string') reason = head;
  else if (!(await window.fill(head.totalBytes))) reason = 'the stream ends within a section';
  else if (isIntact(window.peek(0, head.totalBytes))) {
    const payload = window.peek(head.headBytes, head.payloadBytes).slice();
    window.skip(head.totalBytes);
    return { kind: 'intact', offset, head, payload };
  } else reason = 'a section is damaged: its CRC does not match';

  const type = window.peek(0, 1)[0] ?? 0;
  const seeming = typeof head === 'string' ? null : head.totalBytes;
  const distance = await findIntact(window, size, seeming);
  if (distance !== null) {
    window.skip(distance);
    return { kind: 'damaged', offset, byteLength: distance, type, reason };
  }
  const byteLength = window.available;
  if (seeming === byteLength) {
    window.skip(byteLength);
    return { kind: 'damaged', offset, byteLength, type, reason };
  }
  return { kind: 'truncated', offset, byteLength, reason: `${reason}, and no intact section follows` };
}

/**
 * Returns the distance from the start of the window to the next intact section of a known type; null if there is none
 * within the search limit.
 */
async function findIntact(window: ByteWindow, size: PictureSize, seeming: number | null): Promise<number | null> {
  let budget = RESYNC_CHECKSUM_BUDGET;
  // Waits only if bytes are missing, because the search may visit millions of places.
  const hasBytes = async (count: number): Promise<boolean> => window.available >= count || (await window.fill(count));
  const isIntactAt = (distance: number): boolean | Promise<boolean> => {
    const head = readSectionHead(window.peek(distance, SECTION_HEAD_LIMIT), size);
    if (typeof head === 'string' || kindOfType(head.type) === null || head.totalBytes > budget) return false;
    const check = (): boolean => {
      budget -= head.totalBytes;
      return isIntact(window.peek(distance, head.totalBytes));
    };
    const needed = distance + head.totalBytes;
    return window.available >= needed ? check() : hasBytes(needed).then((isThere) => isThere && check());
  };
  // The most likely place is the end that the damaged section declares. The search tries it first. This also keeps it
  // from accepting a section that is part of the damaged payload.
  if (seeming !== null && (await hasBytes(seeming + SECTION_HEAD_LIMIT)) && (await isIntactAt(seeming))) return seeming;
  for (let distance = 1; distance < RESYNC_WINDOW; distance++) {
    if (distance + SECTION_HEAD_LIMIT > window.available && !(await hasBytes(distance + SECTION_HEAD_LIMIT)))
      return null;
    const type = window.peek(distance, 1)[0] ?? 0;
    if (kindOfType(type) === null) continue;
    const intact = isIntactAt(distance);
    if (intact === true || (intact !== false && (await intact))) return distance;
  }
  return null;
}
