import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as tessera from '../src/index.js';

/** Other programs run here, at whatever speed a busy machine leaves them. */
const SLOW_MS = 300_000;

describe('the package', () => {
  test('exports these values', () => {
    expect(Object.keys(tessera).sort()).toEqual([
      'BitstreamError',
      'CancelledError',
      'DEFAULT_PACK',
      'Decoder',
      'Encoder',
      'EnvironmentError',
      'InputError',
      'Lpips',
      'METRICS',
      'ModelError',
      'StreamReader',
      'StreamWriter',
      'TesseraError',
      'compareVideos',
      'compressVideo',
      'computeBdQuality',
      'computeBdRate',
      'computeMsSsim',
      'computePsnr',
      'computeSsim',
      'createVideoSink',
      'decompressVideo',
      'describeFfmpeg',
      'encodeReference',
      'examineMachine',
      'explainUnavailable',
      'exportTokens',
      'findCodec',
      'findKey',
      'frameToRgb',
      'importTokens',
      'inspectStream',
      'listBenchJobs',
      'loadPack',
      'meanPsnr',
      'measureFrames',
      'memorySource',
      'openFileSource',
      'openSideTracks',
      'openVideo',
      'packPlaces',
      'readTokens',
      'resolveDevice',
      'runBench',
      'selfTestPack',
      'summariseFrames',
      'verifyStream',
      'writeTokens',
    ]);
  });

  test('no declaration that a user sees names a type of another package', async () => {
    const seen = new Set<string>();
    const waiting = [resolve('dist/src/index.d.ts')];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      const text = await readFile(file, 'utf8');
      for (const [, name] of text.matchAll(/(?:from|import\() ?'([^']+)'/g)) {
        if (name!.startsWith('.')) waiting.push(join(dirname(file), name!.replace(/\.js$/, '.d.ts')));
        else expect([file, name]).toEqual([file, expect.stringMatching(/^node:/)]);
      }
    }
    expect(seen.size).toBeGreaterThan(20);
  });

  test(
    'the documentation of all exports builds without a warning',
    async () => {
      const { exitCode, all } = await execa(
        process.execPath,
        ['node_modules/typedoc/bin/typedoc', '--emit', 'none', '--logLevel', 'Warn'],
        { reject: false, all: true },
      );
      expect(all).toBe('');
      expect(exitCode).toBe(0);
    },
    SLOW_MS,
  );

  test(
    'what package.json says of it is there',
    async () => {
      const { exitCode, all } = await execa(process.execPath, ['node_modules/publint/src/cli.js', '--strict'], {
        reject: false,
        all: true,
      });
      expect(all).toMatch(/All good|Suggestions/);
      expect(exitCode).toBe(0);
    },
    SLOW_MS,
  );
});
