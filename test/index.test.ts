import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Other programs run here, at whatever speed a busy machine leaves them. */
const SLOW_MS = 300_000;

/** Names of values that each entry of the package exports. */
const VALUES = {
  '.': [
    'addWords',
    'compareVideos',
    'compressVideo',
    'createVideoSink',
    'decompressVideo',
    'describeChunk',
    'describeFfmpeg',
    'examineMachine',
    'exportTokens',
    'farm',
    'findScenes',
    'frameToRgb',
    'hashOf',
    'importTokens',
    'inspectStream',
    'localChunks',
    'openSideTracks',
    'openVideo',
    'readChunkResult',
    'readFarmStatus',
    'readTokens',
    'runWorker',
    'thinStream',
    'verifyStream',
    'writeScenePictures',
    'writeTokens',
  ],
  './codec': ['DEFAULT_PACK', 'Decoder', 'Encoder', 'loadPack', 'packPlaces', 'resolveDevice', 'selfTestPack'],
  './stream': ['StreamReader', 'StreamWriter', 'findKey', 'memorySource', 'openFileSource'],
  './metrics': [
    'Lpips',
    'METRICS',
    'computeBdQuality',
    'computeBdRate',
    'computeMsSsim',
    'computePsnr',
    'computeSsim',
    'explainUnavailable',
    'meanPsnr',
    'measureFrames',
    'summariseFrames',
  ],
  './bench': ['encodeReference', 'findCodec', 'listBenchJobs', 'runBench'],
};
const ERRORS = ['BitstreamError', 'CancelledError', 'EnvironmentError', 'InputError', 'ModelError', 'TesseraError'];

/** Entries for browsers, bundled: test/player/ tests them. */
const PLAYER = ['./player', './player/tessera-video'];

type Entry = keyof typeof VALUES;
const entries = Object.keys(VALUES) as Entry[];

/** Packages that an import of the entry loads at once. All others wait until something needs them. */
const PACKAGES: Record<Entry, string[]> = {
  '.': ['@node-rs/crc32', 'node-av/constants', 'node-av/lib', 'zod'],
  './codec': ['@node-rs/crc32', 'zod'],
  './stream': ['@node-rs/crc32'],
  './metrics': ['node-av/constants', 'node-av/lib'],
  './bench': ['node-av/constants', 'node-av/lib', 'yaml', 'zod'],
};

const STATIC_IMPORT = /^(?:import|export) (?:[^;]*? from )?'([^']+)'/gms;

/** The built file that package.json names for the entry. */
async function builtFile(entry: Entry, condition: 'types' | 'default'): Promise<string> {
  const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as {
    exports: Record<Entry, Record<typeof condition, string>>;
  };
  return resolve(exports[entry][condition]);
}

/** All files that an import of `first` loads, and the packages that these name. */
async function loadedBy(
  first: string,
  imports: RegExp,
  ending: string,
): Promise<{ files: string[]; packages: string[] }> {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [first];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    for (const [, name] of (await readFile(file, 'utf8')).matchAll(imports)) {
      if (name!.startsWith('.')) waiting.push(join(dirname(file), name!.replace(/\.js$/, ending)));
      else if (!name!.startsWith('node:')) packages.add(name!);
    }
  }
  return { files: [...files], packages: [...packages].sort() };
}

describe('the package', () => {
  test('has these entries', async () => {
    const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as { exports: object };
    expect(Object.keys(exports)).toEqual([...entries, ...PLAYER, './package.json']);
  });

  test.each(PLAYER)('%s is built, with its types', async (entry) => {
    const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as {
      exports: Record<string, { types: string; default: string }>;
    };
    for (const file of Object.values(exports[entry]!)) expect((await readFile(file)).length).toBeGreaterThan(0);
  });

  test.each(entries)('%s exports these values', async (entry) => {
    const source = (await builtFile(entry, 'default')).replace('/dist/', '/').replace(/\.js$/, '.ts');
    const exported = (await import(source)) as object;
    expect(Object.keys(exported).sort()).toEqual([...VALUES[entry], ...ERRORS].sort());
  });

  test.each(entries)('%s loads no more than it needs', async (entry) => {
    const { files, packages } = await loadedBy(await builtFile(entry, 'default'), STATIC_IMPORT, '.js');
    expect(packages).toEqual(PACKAGES[entry]);
    const benchmark = files.filter((file) => /dist.(?:bench|codecs)/.test(file));
    if (entry === './bench') expect(benchmark).not.toEqual([]);
    else expect(benchmark).toEqual([]);
  });

  test('the command line loads yargs alone before a command runs', async () => {
    const { packages } = await loadedBy(resolve('dist/src/cli/main.js'), STATIC_IMPORT, '.js');
    expect(packages).toEqual(['yargs']);
  });

  test.each(entries)('%s: no declaration that a user sees names a type of another package', async (entry) => {
    const { files, packages } = await loadedBy(
      await builtFile(entry, 'types'),
      /(?:from|import\() ?'([^']+)'/g,
      '.d.ts',
    );
    expect(packages).toEqual([]);
    expect(files.length).toBeGreaterThan(5);
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
