/**
 * tessera: a learned video codec. Most programs want {@link compressVideo} and {@link decompressVideo}; the layers below
 * them are here for those who bring frames or packets of their own.
 *
 * @packageDocumentation
 */

// Whole videos.
export { compressVideo, type CompressOptions, type CompressResult, type VideoInput } from './pipeline/compress.js';
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
export { verifyStream, type VerifyOptions, type VerifyResult } from './pipeline/verify.js';
export { compareVideos, type CompareOptions, type CompareResult, type ComparedMetric } from './pipeline/compare.js';
export { examineMachine, type DeviceReport, type MachineReport, type PackReport } from './pipeline/doctor.js';
export type { LongCallOptions, Progress } from './pipeline/progress.js';
export type { StreamInput } from './pipeline/stream-input.js';

// Tokens for other programs.
export { exportTokens, type ExportTokensOptions, type ExportTokensResult } from './pipeline/tokens/export-tokens.js';
export { importTokens } from './pipeline/tokens/import-tokens.js';
export { readTokens, type ReadTokensOptions, type TokenReader } from './pipeline/tokens/read-tokens.js';
export { writeTokens, type WriteTokensOptions, type WriteTokensResult } from './pipeline/tokens/write-tokens.js';
export type { TokenCoderOptions } from './pipeline/tokens/token-coder.js';
export type { TokenFileFormat } from './pipeline/tokens/token-file.js';
export type {
  ArrayLayout,
  NamedArrays,
  TokenArray,
  TokenEnd,
  TokenFrame,
  TokenItem,
  TokenSide,
  TokenSource,
  TokenType,
} from './pipeline/tokens/token-source.js';

// Frames to packets and back.
export { DEFAULT_PACK, Encoder, type EncoderOptions } from './codec/encoder.js';
export type { Tune } from './codec/sequence-options.js';
export {
  Decoder,
  type DecodedFrame,
  type DecoderOptions,
  type DecodingProblem,
  type PacketOrLoss,
  type PostFilter,
} from './codec/decoder.js';

// Packets to streams and back.
export type { Packet } from './bitstream/packet.js';
export { StreamWriter, type BytesBySection, type ByteSink } from './bitstream/stream-writer.js';
export { StreamReader, type Extent, type StreamReaderOptions, type StreamSection } from './bitstream/stream-reader.js';
export type { ContentLight, DisplayFields, FieldOrder, MasteringDisplay } from './bitstream/display-fields.js';
export type { Fraction, StreamHeader } from './bitstream/stream-header.js';
export { findKey, type IndexEntry, type StreamEnd, type StreamIndex } from './bitstream/stream-index.js';
export type { SectionKind } from './bitstream/section.js';
export { memorySource, type ByteSource } from './bitstream/byte-source.js';
export { openFileSource, type FileSource } from './bitstream/file-source.js';

// Videos to frames and back.
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
export { encodeReference, type ReferenceResult, type ReferenceSettings } from './video/out/reference-encoder.js';
export { describeFfmpeg, type FfmpegDescription } from './video/measure/ffmpeg-info.js';

// Model packs and devices.
export { loadPack, packPlaces, type ModelPack } from './model/pack.js';
export type {
  ExactGraphRole,
  FileRole,
  GraphRole,
  PackFamily,
  PackFile,
  PackManifest,
  PostFilterRole,
  TokenizerRole,
} from './model/manifest.js';
export type { Tensor, TensorArray, TensorType } from './model/safetensors.js';
export { selfTestPack, type SelfTestResult } from './model/self-test.js';
export { resolveDevice, type ResolvedDevice } from './model/device.js';
export type { Device, GraphOptimisation, GraphOptions } from './model/graph.js';

// Quality.
export { computePsnr, meanPsnr, type FramePsnr, type MeanPsnr } from './metrics/psnr.js';
export { computeSsim } from './metrics/ssim.js';
export { computeMsSsim } from './metrics/ms-ssim.js';
export { Lpips } from './metrics/lpips.js';
export type { FloatTensor } from './model/float-graph.js';
export {
  computeBdQuality,
  computeBdRate,
  type BdMethod,
  type BdOptions,
  type BdQuality,
  type BdRate,
  type RatePoint,
} from './metrics/bd-rate.js';
export {
  explainUnavailable,
  measureFrames,
  METRICS,
  summariseFrames,
  type FramePair,
  type FrameSummary,
  type MeasureOptions,
  type MetricDescription,
  type MetricName,
} from './metrics/measures.js';
export type { PictureSize } from './metrics/availability.js';

// The benchmark and its codecs.
export { listBenchJobs, runBench } from '../bench/run-bench.js';
export type {
  BenchJobPlan,
  BenchOptions,
  BenchProgress,
  BenchSettings,
  BenchSummary,
  FailedBenchJob,
  PublishedFigures,
} from '../bench/bench-options.js';
export { findCodec } from '../codecs/find-codec.js';
export type {
  ClipSource,
  Codec,
  CodecClip,
  CodecDescription,
  CodecFactory,
  CodecTask,
  ProgramCost,
} from '../codecs/codec.js';

// Errors.
export { BitstreamError, CancelledError, EnvironmentError, InputError, ModelError, TesseraError } from './errors.js';
