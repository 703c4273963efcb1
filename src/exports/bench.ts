/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The benchmark and its codecs (docs/BENCHMARK.md).
 *
 * @module tessera-codec/bench
 */

// The benchmark.
export { listBenchJobs, runBench } from '../../bench/run-bench.js';
export type {
  BenchJobPlan,
  BenchOptions,
  BenchProgress,
  BenchSettings,
  BenchSummary,
  FailedBenchJob,
  PublishedFigures,
} from '../../bench/bench-options.js';
export { findCodec } from '../../codecs/find-codec.js';
export type {
  ClipSource,
  Codec,
  CodecClip,
  CodecDescription,
  CodecFactory,
  CodecTask,
  ProgramCost,
} from '../../codecs/codec.js';
export type { IsLost } from '../../codecs/loss-pattern.js';

// x264, x265 and others in this process, for comparison.
export { encodeReference, type ReferenceResult, type ReferenceSettings } from '../video/out/reference-encoder.js';

// Errors.
export { BitstreamError, CancelledError, EnvironmentError, InputError, ModelError, TesseraError } from '../errors.js';
