import { AVSEEK_SIZE, type AVSeekWhence } from 'node-av/constants';
import { FormatContext, IOContext } from 'node-av/lib';
import { throwIfOutputFails } from '../libav.js';
import type { SideTrack } from './side-header.js';
import { setTags } from './tags.js';
import { applyTrack } from './track-parameters.js';

/**
 * Finds out whether a muxer takes a track, by writing a header with it to nowhere: only the muxer itself knows, codec
 * by codec and parameter by parameter.
 */
export async function muxerHolds(muxer: string, track: SideTrack): Promise<boolean> {
  const format = new FormatContext();
  const nowhere = new IOContext();
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
  try {
    throwIfOutputFails(format.allocOutputContext2(null, muxer, null), `cannot make a ${muxer} file`);
    nowhere.allocContextWithCallbacks(1 << 12, 1, null, write, seek);
    format.pb = nowhere;
    const stream = format.newStream();
    applyTrack(track, stream.codecpar);
    stream.disposition = track.disposition as typeof stream.disposition;
    // Matroska refuses an attachment without a file name.
    setTags(stream, track.tags);
    return (await format.writeHeader()) >= 0;
  } finally {
    format.pb = null;
    format.freeContext();
    nowhere.freeContext();
  }
}
