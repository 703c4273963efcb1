import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../src/platform/node/package-folder.js';
import { isVmaf } from '../src/metrics/clip-meters.js';
import type { MetricName } from '../src/metrics/metric-names.js';
import { ffmpegVersion } from '../src/video/measure/ffmpeg-command.js';
import { findVmaf } from '../src/video/measure/vmaf.js';
import { describeFfmpeg } from '../src/video/measure/ffmpeg-info.js';
import type { Results } from './results.js';

/** The machine that measures. */
export function describeMachine(): Results['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
}

/** The versions of the software that influences figures, with the program that measures VMAF if `metrics` need it. */
export async function describeVersions(metrics: readonly MetricName[]): Promise<Record<string, string>> {
  const versionIn = (file: string): string => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  return {
    tessera: versionIn(join(packageFolder() ?? '.', 'package.json')),
    FFmpeg: describeFfmpeg().version,
    onnxruntime: versionIn(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
    ...(await vmafVersion(metrics)),
  };
}

/** The FFmpegs whose libvmaf measures: each model takes the first one that has it. */
async function vmafVersion(metrics: readonly MetricName[]): Promise<Record<string, string>> {
  const commands = await Promise.all(metrics.filter(isVmaf).map(findVmaf));
  const programs = [...new Set(commands.filter((command) => typeof command === 'string'))];
  const versions = await Promise.all(programs.map(ffmpegVersion));
  return versions.length === 0 ? {} : { "VMAF's ffmpeg": versions.join(' and ') };
}
