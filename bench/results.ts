import { z } from 'zod';
import { METRIC_NAMES } from '../src/metrics/metric-names.js';

/** Version of {@link resultsSchema}; files of another version are refused. */
export const RESULTS_VERSION = 1;

const count = z.int().nonnegative();
const positive = z.number().positive();
const rational = z.strictObject({ num: z.int().positive(), den: z.int().positive() });
const metricName = z.enum(METRIC_NAMES);

/** Seconds and memory of one direction of a job, of the process that did it. */
const costSchema = z.strictObject({
  /**
   * From the first frame in to the last one out, with the start of the codec (models, worker threads, another program);
   * the process itself and the adapter's code were there before.
   */
  wallSeconds: positive,
  /** Processor time of all threads in that time, user and system. */
  cpuSeconds: positive,
  /** Largest resident memory of the process: where the codec works in Node, that of Node and the
   * libraries (about 100 MB) is in it. */
  peakBytes: count,
});

/** A metric over the frames of a clip; temporal metrics have one frame fewer. */
const metricSchema = z.strictObject({
  mean: z.number(),
  /** The worst frame. */
  worst: z.number(),
  /** The worst 5 % quantile: 5 % of the frames are worse than this. */
  p5: z.number(),
  perFrame: z.array(z.number()).min(1),
});

/** A decoded frame to look at: a lossless WebP file in the folder of the results. */
const pictureSchema = z.strictObject({
  /** Number of the frame in display order, from 0. */
  frame: count,
  /** Path from the folder of the results file, with `/`. */
  file: z.string().min(1),
});

const jobKey = {
  /** Name of a clip in `clips`. */
  clip: z.string(),
  /** Name of a codec in `codecs`. */
  codec: z.string(),
  setting: z.number(),
  /** The command that does the same by hand. */
  command: z.string(),
};

const doneJobSchema = z.strictObject({
  status: z.literal('done'),
  ...jobKey,
  frames: z.int().positive(),
  /** Bits of coded pictures alone. */
  payloadBits: z.int().positive(),
  /** Bytes of the whole file. */
  fileBytes: z.int().positive(),
  /** Of the payload, per luma sample of the frames that are there. */
  bitsPerPixel: positive,
  kilobitsPerSecond: positive,
  /** Null where several jobs ran at once: then times say nothing. */
  encode: costSchema.nullable(),
  decode: costSchema.nullable(),
  metrics: z.partialRecord(metricName, metricSchema),
  pictures: z.array(pictureSchema),
});

const failedJobSchema = z.strictObject({
  status: z.literal('failed'),
  ...jobKey,
  /** The error, one line. */
  reason: z.string().min(1),
});

const clipSchema = z.strictObject({
  name: z.string().min(1),
  /** As it was given. */
  file: z.string(),
  sha256: z.hex().length(64),
  width: z.int().positive(),
  height: z.int().positive(),
  /** Frames that are coded; 0 if they cannot be read: then all jobs of the clip have failed. */
  frames: count,
  frameRate: rational,
  /** Code points of ITU-T H.273: how RGB metrics convert. */
  colour: z.strictObject({
    primaries: count,
    transfer: count,
    matrix: count,
    fullRange: z.boolean(),
    chromaLocation: count,
  }),
  /** The changes made before coding (scaling, cutting, conversion), one line each. */
  notes: z.array(z.string()),
  /** Original frames for people to look at, the same ones as of every job. */
  pictures: z.array(pictureSchema),
});

const codecSchema = z.strictObject({
  /** As on the command line, such as `x265:medium`. */
  name: z.string().min(1),
  title: z.string(),
  version: z.string(),
  details: z.record(z.string(), z.string()),
  settingName: z.string(),
  /** From worst to best. */
  settings: z.array(z.number()).min(1),
});

/**
 * Figures from a paper, shown next to measured figures. They come from other clips, so they are never in the same
 * curve.
 */
const publishedSchema = z.strictObject({
  title: z.string(),
  source: z.string(),
  bitsPerPixel: positive,
  metrics: z.partialRecord(metricName, z.number()),
});

/** All results of a benchmark run. Every report is made from them. */
export const resultsSchema = z.strictObject({
  format: z.literal('tessera-bench'),
  version: z.literal(RESULTS_VERSION),
  /** ISO 8601, UTC. */
  createdAt: z.iso.datetime(),
  /** The command line that repeats the run. */
  command: z.string(),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.int().positive(),
    memoryBytes: z.int().positive(),
    platform: z.string(),
    node: z.string(),
  }),
  /** Versions of tessera, FFmpeg, onnxruntime. */
  versions: z.record(z.string(), z.string()),
  settings: z.strictObject({
    preset: z.string().nullable(),
    metrics: z.array(metricName).min(1),
    /** Frames of each clip at most; null: all. */
    frames: z.int().positive().nullable(),
    /** Size that clips are scaled to; null: their own. */
    size: z.strictObject({ width: z.int().positive(), height: z.int().positive() }).nullable(),
    keyint: z.int().positive(),
    /** Jobs that ran at once; times were taken only if 1. */
    jobs: z.int().positive(),
    /** Bits per pixel at which curves are compared, if the run is about one rate. */
    targetBitsPerPixel: positive.nullable(),
    /** Figures from papers, shown with the table of that rate. */
    published: z.array(publishedSchema),
  }),
  /** Codecs and metrics of the preset that the machine did not have, with the reason, one line each. */
  leftOut: z.array(z.string()).default([]),
  clips: z.array(clipSchema).min(1),
  codecs: z.array(codecSchema).min(1),
  jobs: z.array(z.discriminatedUnion('status', [doneJobSchema, failedJobSchema])),
});

export type Results = z.infer<typeof resultsSchema>;
export type BenchClip = z.infer<typeof clipSchema>;
export type BenchCodec = z.infer<typeof codecSchema>;
export type BenchJob = Results['jobs'][number];
export type DoneJob = z.infer<typeof doneJobSchema>;
export type FailedJob = z.infer<typeof failedJobSchema>;
export type JobCost = z.infer<typeof costSchema>;
export type MetricValues = z.infer<typeof metricSchema>;
