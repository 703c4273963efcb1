/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Functions for whole videos: {@link compressVideo}, {@link decompressVideo}, and reading and writing of files.
 * Programs with their own frames or packets use the other entries: `tessera-codec/codec` and `tessera-codec/stream`.
 *
 * @module tessera-codec
 */

// Whole videos.
export {
  compressVideo,
  type AudioChoice,
  type CompressOptions,
  type CompressResult,
  type VideoInput,
} from './pipeline/compress.js';
export { localChunks, type LocalChunksOptions } from './pipeline/chunks/local-chunks.js';
export type {
  ChunkCoders,
  ChunkedVideo,
  ChunkPool,
  ChunkQuality,
  ChunkTask,
  ChunkWatch,
} from './pipeline/chunks/chunk-coders.js';
export { describeChunk, hashOf, type ChunkSpec } from './pipeline/chunks/chunk-spec.js';
export { readChunkResult } from './pipeline/chunks/chunk-result.js';
export type { KnownFrame, ScalePair } from './pipeline/rate/budget-control.js';
export type { CodedChunk } from './pipeline/chunks/code-chunk.js';
export { farm, type FarmOptions } from './farm/farm.js';
export { runWorker, type WorkerOptions } from './farm/worker.js';
export { readFarmStatus, type FarmStatus } from './farm/status.js';
export type { QualityTarget, RateOptions, TargetMetric } from './pipeline/rate/rate-options.js';
export type { ChunkReport, Probe, RateReport } from './pipeline/rate/rate-report.js';
export { decompressVideo, type DecompressOptions, type DecompressResult } from './pipeline/decompress.js';
export {
  inspectStream,
  type FrameInfo,
  type InspectOptions,
  type SectionInfo,
  type SectionName,
  type StreamInfo,
  type TrackInfo,
} from './pipeline/inspect.js';
export { thinStream, type ThinOptions, type ThinResult } from './pipeline/thin.js';
export { verifyStream, type VerifyOptions, type VerifyResult } from './pipeline/verify.js';
export { compareVideos, type CompareOptions, type CompareResult, type ComparedMetric } from './pipeline/compare.js';
export { examineMachine, type DeviceReport, type MachineReport, type PackReport } from './pipeline/doctor.js';
export type { LongCallOptions, Progress } from './pipeline/progress.js';
export type { StreamInput } from './pipeline/stream-input.js';

// Words of scenes.
export { addWords, type AddWordsOptions, type AddWordsResult } from './pipeline/words/add-words.js';
export {
  findScenes,
  type FindScenesOptions,
  type FindScenesResult,
  type FoundScene,
} from './pipeline/words/find-scenes.js';
export { writeScenePictures, type ScenePicturesOptions } from './pipeline/words/scene-pictures.js';
export type { DescribedScene, DescribedWord } from './words/describe.js';
export type { TermConfidence } from './words/query.js';
export type { SceneWord, StreamWords, WordScene } from './bitstream/words.js';

// Tokens for other programs.
export { exportTokens, type ExportTokensOptions, type ExportTokensResult } from './pipeline/tokens/export-tokens.js';
export { importTokens } from './pipeline/tokens/import-tokens.js';
export { readTokens, type ReadTokensOptions, type TokenReader } from './pipeline/tokens/read-tokens.js';
export { writeTokens, type WriteTokensOptions, type WriteTokensResult } from './pipeline/tokens/write-tokens.js';
export type { TokenCoderOptions } from './pipeline/tokens/token-coder.js';
export type { TokenFileFormat } from './pipeline/tokens/token-file.js';
export type { ArrayLayout, NamedArrays, TokenArray, TokenType } from './codec/token-arrays.js';
export type {
  TokenEnd,
  FrameRecord,
  TokenItem,
  TokenScene,
  TokenSide,
  TokenSource,
  TokenWords,
} from './pipeline/tokens/token-source.js';

// Videos to frames and back.
export type { ContentLight, DisplayFields, FieldOrder, MasteringDisplay } from './bitstream/display-fields.js';
export type { ColourDescription, Frame, Rational, VideoProperties } from './video/frame.js';
export { openVideo, type FramesOptions, type OpenVideoOptions, type VideoSource } from './video/in/media-reader.js';
export {
  createVideoSink,
  type OutputVideoCodec,
  type VideoSink,
  type VideoSinkOptions,
} from './video/out/media-writer.js';
export { frameToRgb } from './video/convert/colour.js';
export {
  openSideTracks,
  type Chapter,
  type SideHeader,
  type SidePacket,
  type SideTrack,
  type SideTracks,
  type Tags,
} from './video/side/side-tracks.js';
export { describeFfmpeg, type FfmpegDescription } from './video/measure/ffmpeg-info.js';

// Errors.
export { BitstreamError, CancelledError, EnvironmentError, InputError, ModelError, TesseraError } from './errors.js';
