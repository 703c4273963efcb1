import type { ByteSink } from '../bitstream/stream-writer.js';
import type { EncoderOptions } from '../codec/encoder.js';
import type { VideoProperties } from '../video/frame.js';
import type { VideoSource } from '../video/in/media-reader.js';
import type { CompressOptions, VideoInput } from './compress-options.js';
import type { NoteBook } from './compress-parts.js';

/** A video to compress: checked, open, its frames not read yet. */
export interface CompressJob {
  readonly source: VideoSource;
  readonly properties: VideoProperties;
  readonly input: VideoInput;
  /** Opens the video once more; null if it can be read only once. */
  readonly reopen: (() => Promise<VideoSource>) | null;
  /** Files that are read, which must not be the output. */
  readonly inputs: readonly string[];
  readonly output: string | ByteSink;
  readonly options: CompressOptions;
  readonly encoder: EncoderOptions & { readonly keyint: number };
  readonly notes: NoteBook;
}
