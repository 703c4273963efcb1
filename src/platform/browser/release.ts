const { port1: nowhere, port2 } = new MessageChannel();
port2.close();

/**
 * Frees unused buffers at once. The garbage collector does not count memory outside its heap, so without this, hundreds
 * of megabytes of pictures collect. Sending a buffer away detaches it here, and messages to a closed port are dropped.
 * (`ArrayBuffer.transfer` is not enough: browsers keep a second reference to buffers that came in a message.)
 */
export function release(buffers: Iterable<ArrayBuffer>): void {
  nowhere.postMessage(null, [...new Set(buffers)]);
}
