/** The messages between the benchmark and the process of a job. All travel as JSON. */
import type { MetricName } from '../../src/metrics/metric-names.js';
import type { JobCost, MetricValues } from '../results.js';

/** A picture to keep. */
export interface PictureRequest {
  /** Number of the frame in display order, from 0. */
  readonly frame: number;
  /** Where it is written. */
  readonly path: string;
}

/** The data that all parts of a job need. */
interface CommonRequest {
  /** As on the command line. */
  readonly codec: string;
  /** The file of the clip's frames; their description is next to it. */
  readonly framesFile: string;
  readonly setting: number;
  readonly keyint: number;
  /** The coded clip. */
  readonly file: string;
}

export type EncodeRequest = CommonRequest & { readonly stage: 'encode' };
export type DecodeRequest = CommonRequest & { readonly stage: 'decode' };
export type MeasureRequest = CommonRequest & {
  readonly stage: 'measure';
  readonly metrics: readonly MetricName[];
  /** Threads of the metrics. */
  readonly threads: number;
  readonly pictures: readonly PictureRequest[];
};
export type StageRequest = EncodeRequest | DecodeRequest | MeasureRequest;

/** The measurements of a coded clip. */
export interface Measured {
  readonly payloadBits: number;
  readonly fileBytes: number;
  readonly metrics: Partial<Record<MetricName, MetricValues>>;
}

/** Results by stage. */
export interface StageResults {
  readonly encode: JobCost;
  readonly decode: JobCost;
  readonly measure: Measured;
}

export type StageAnswer =
  | { readonly kind: 'done'; readonly result: StageResults[keyof StageResults] }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** Whether the disk is full: then the whole run must stop. */
      readonly isDiskFull: boolean;
    };
