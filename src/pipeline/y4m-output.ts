import type { ByteSink } from '../bitstream/stream-writer.js';
import type { Frame, VideoProperties } from '../video/frame.js';
import { noteLoss, type VideoSink } from '../video/out/media-writer.js';
import type { SideTracks } from '../video/side/side-tracks.js';
import { formatY4mFrame, formatY4mHeader, lossesOfY4m } from '../video/y4m-header.js';

/** A video sink that writes YUV4MPEG2 to a byte sink, such as a pipe; the byte sink stays the caller's to close. */
export function y4mOutput(sink: ByteSink, properties: VideoProperties, side: SideTracks | null): VideoSink {
  const notes = lossesOfY4m(properties);
  let hasHeader = false;
  const begin = async (): Promise<void> => {
    if (hasHeader) return;
    hasHeader = true;
    await sink.write(Buffer.from(formatY4mHeader(properties), 'latin1'));
  };
  const none = (): Promise<void> => Promise.resolve();
  const output: VideoSink = {
    notes,
    async write(frame: Frame) {
      await begin();
      await sink.write(formatY4mFrame(frame, properties));
    },
    finish: begin,
    abort: none,
    [Symbol.asyncDispose]: none,
  };
  return noteLoss(output, side);
}
