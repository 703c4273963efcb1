/** Pages collect garbage when they are idle, but not on every machine; threads do not. */
const isPage = 'document' in globalThis;
/** After this number of messages, some megabytes of dead events and handles of buffers lie in a page, 1 MB in a thread. */
const MESSAGES = isPage ? 1000 : 200;
/** Chromium begins a collection when this number of bytes was reserved outside the heap since the last one. */
const RESERVED_BYTES = 64 * 2 ** 20;

let messages = 0;

/**
 * Call it for each message that this page or thread receives: from time to time it makes the browser collect garbage.
 *
 * Browsers collect garbage when their heap of scripts has grown by much. The events of messages and the handles of the
 * buffers in them lie outside that heap, so where nothing else makes garbage they would gather for many minutes, some
 * megabytes a minute. A large buffer that is reserved and dropped at once counts in full, but takes no memory, because
 * nobody touches it.
 */
export function countMessage(): void {
  if (++messages % MESSAGES !== 0) return;
  try {
    new ArrayBuffer(RESERVED_BYTES);
  } catch {
    // The address space has no room for it: then the browser collects anyway.
  }
}
