/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Packets to streams and back (docs/FORMAT.md). Loads neither FFmpeg nor onnxruntime.
 *
 * @module tessera-codec/stream
 */

// Packets to streams and back.
export type { Packet } from '../bitstream/packet.js';
export { StreamWriter, type BytesBySection, type ByteSink } from '../bitstream/stream-writer.js';
export { StreamReader, type Extent, type StreamReaderOptions, type StreamSection } from '../bitstream/stream-reader.js';
export type { ContentLight, DisplayFields, FieldOrder, MasteringDisplay } from '../bitstream/display-fields.js';
export type { Fraction, StreamHeader } from '../bitstream/stream-header.js';
export { findKey, type IndexEntry, type StreamEnd, type StreamIndex } from '../bitstream/stream-index.js';
export type { SceneWord, StreamWords, WordScene } from '../bitstream/words.js';
export type { SectionKind } from '../bitstream/section.js';
export { memorySource, type ByteSource } from '../bitstream/byte-source.js';
export { openFileSource, type FileSource } from '../io/file-source.js';

// Errors.
export { BitstreamError, CancelledError, EnvironmentError, InputError, ModelError, TesseraError } from '../errors.js';
