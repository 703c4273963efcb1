/** After this number of messages, about 1 MB of dead events and handles of buffers lies in a thread. */
const MESSAGES = 200;
/** Chromium begins a collection when this number of bytes was reserved outside the heap since the last one. */
const RESERVED_BYTES = 64 * 2 ** 20;

/** Pages collect garbage when they are idle; threads do not. */
const isPage = 'document' in globalThis;
let messages = 0;

/**
 * Call it for each message that this thread receives: from time to time it makes the browser collect garbage.
 *
 * Browsers collect a thread's garbage when its heap has grown by much. The events of messages and the handles of the
 * buffers in them lie outside that heap, so in a thread that works with buffers they would collect for many minutes, some
 * megabytes a minute. A large buffer that is reserved and dropped at once counts in full, but takes no memory, because
 * nobody touches it.
 */
export function countMessage(): void {
  if (isPage || ++messages % MESSAGES !== 0) return;
  try {
    new ArrayBuffer(RESERVED_BYTES);
  } catch {
    // The address space has no room for it: then the browser collects anyway.
  }
}
