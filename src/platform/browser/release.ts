/** Node frees buffers by handing them over; browsers that can (since 2023) free them at once. */
interface TransferableBuffer {
  transfer?(bytes: number): ArrayBuffer;
}

/** Frees unused buffers at once. The garbage collector does not count memory outside its heap. */
export function release(buffers: Iterable<ArrayBuffer>): void {
  for (const buffer of new Set(buffers)) {
    if (buffer.byteLength > 0) (buffer as TransferableBuffer).transfer?.(0);
  }
}
