/** Muxers that write to nowhere: only the muxer itself knows which codecs and packets it accepts. */
import { AVSEEK_SIZE, type AVSeekWhence } from 'node-av/constants';
import { FormatContext, IOContext } from 'node-av/lib';
import { throwIfOutputFails } from '../libav.js';

/** A muxer whose bytes are dropped. */
export class Nowhere implements Disposable {
  readonly format = new FormatContext();
  readonly #bytes = new IOContext();

  /** @param muxer - libavformat's name of the muxer */
  constructor(muxer: string) {
    let position = 0n;
    let length = 0n;
    const write = (bytes: Buffer) => {
      position += BigInt(bytes.length);
      if (position > length) length = position;
      return bytes.length;
    };
    const seek = (offset: bigint, whence: AVSeekWhence) => {
      if (whence === AVSEEK_SIZE) return length;
      position = whence === 1 ? position + offset : whence === 2 ? length + offset : offset;
      return position;
    };
    throwIfOutputFails(this.format.allocOutputContext2(null, muxer, null), `cannot make a ${muxer} file`);
    this.#bytes.allocContextWithCallbacks(1 << 12, 1, null, write, seek);
    this.format.pb = this.#bytes;
  }

  [Symbol.dispose](): void {
    this.format.pb = null;
    this.format.freeContext();
    this.#bytes.freeContext();
  }
}
