import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../src/platform/node/package-folder.js';
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

/** The versions of the software that influences figures. */
export function describeVersions(): Record<string, string> {
  const versionIn = (file: string): string => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  return {
    tessera: versionIn(join(packageFolder() ?? '.', 'package.json')),
    FFmpeg: describeFfmpeg().version,
    onnxruntime: versionIn(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
  };
}
