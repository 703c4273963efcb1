import { MessageChannel } from 'node:worker_threads';

const { port1: nowhere, port2 } = new MessageChannel();
nowhere.unref();
port2.close();

/**
 * Frees buffers that nothing uses any more, at once. The garbage collector knows little of what lies
 * outside its heap: left to it, tens of megabytes of pictures pile up in each thread. Transferring a buffer detaches it
 * here, and what is sent to a closed port is dropped.
 */
export function release(buffers: Iterable<ArrayBuffer>): void {
  nowhere.postMessage(null, [...new Set(buffers)]);
}
