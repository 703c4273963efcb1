import type { ByteSink } from '../bitstream/stream-writer.js';
import type { Frame, VideoProperties } from '../video/frame.js';
import type { VideoSink } from '../video/media-writer.js';
import { formatY4mFrame, formatY4mHeader } from '../video/y4m-header.js';

/** A video sink that writes YUV4MPEG2 to a byte sink, such as a pipe; the byte sink stays the caller's to close. */
export function y4mOutput(sink: ByteSink, properties: VideoProperties): VideoSink {
  const notes: string[] = [];
  let hasHeader = false;
  const begin = async (): Promise<void> => {
    if (hasHeader) return;
    hasHeader = true;
    await sink.write(Buffer.from(formatY4mHeader(properties), 'latin1'));
  };
  const none = (): Promise<void> => Promise.resolve();
  return {
    notes,
    async write(frame: Frame) {
      await begin();
      await sink.write(formatY4mFrame(frame, properties));
    },
    finish: begin,
    abort: none,
    [Symbol.asyncDispose]: none,
  };
}
