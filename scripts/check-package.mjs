// Installs the package as a stranger would and uses it: node scripts/check-package.mjs [TARBALL]
//
// Without TARBALL it is built and packed first (npm run package). It is installed into an empty folder with npm's defaults,
// but without the CUDA libraries that onnxruntime-node would fetch; then its program runs, every entry is imported from ESM
// and from CommonJS, and programs in TypeScript are checked against its declarations, libraries included. All of it runs
// under the node that runs this script. Prints the sizes; the first thing that fails ends it with 1.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tessera-package-'));
const installed = join(folder, 'node_modules/tessera-codec');
const clip = join(root, 'fixtures/clips/everything.mp4');
const environment = {
  ...process.env,
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  ONNXRUNTIME_NODE_INSTALL: 'skip',
};

process.stdout.write(`package: node ${process.version}\n`);
try {
  const tarball = resolve(process.argv[2] ?? pack());
  // A folder of its own, so that neither files nor settings of this checkout are found.
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'stranger', private: true }));
  run('npm install', 'npm', ['install', '--ignore-scripts=false', tarball]);
  tell(`tarball ${megabytes(statSync(tarball).size)}, installed ${megabytes(sizeOf(join(folder, 'node_modules')))}`);

  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const entries = Object.keys(exports).map((path) => path.replace('.', 'tessera-codec'));
  checkFiles();
  useProgram();
  importAll(entries.filter((name) => !name.endsWith('.json')));
  checkTypes();
  tell('passed');
} catch (error) {
  process.stderr.write(`package: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** Builds the package and packs it; returns the tarball's path. */
function pack() {
  run('npm run package', 'npm', ['run', 'package', '--', '--pack-destination', folder], root);
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  );
}

/** Only what users need is in it. */
function checkFiles() {
  const needless = readdirSync(installed, { recursive: true }).filter(
    (name) =>
      /\.map$|(?<!\.d)\.ts$|^dist.src.dev|^dist.bench.report.page[\\/]|\.npmrc$/.test(name) &&
      !/node_modules/.test(name),
  );
  if (needless.length > 0) throw new Error(`the package holds files that no user needs: ${needless.join(', ')}`);
}

/** The program through npx: its help, the machine, and a clip there and back. */
function useProgram() {
  const tessera = (...parameters) => run(`tessera ${parameters[0]}`, 'npx', ['tessera', ...parameters]);
  expect(tessera('--help'), /tessera <command>[^]*compress <in> <out>/);
  expect(tessera('doctor'), new RegExp(`node +${process.version} [^]*tessera can be used here`));
  cpSync(clip, join(folder, 'in.mp4'));
  expect(tessera('compress', 'in.mp4', 'out.tsr', '--words'), /in\.mp4 -> out\.tsr: \d+ frames/);
  expect(tessera('decompress', 'out.tsr', 'back.mp4'), /out\.tsr -> back\.mp4: \d+ frames/);
  expect(tessera('find', 'entity', 'out.tsr'), /out\.tsr[^]*1 scene in 1 video of 1/);
  expect(tessera('verify', 'out.tsr'), /out\.tsr: intact/);
}

/**
 * Every entry, from both kinds of modules; each gives the same class of errors, apart from the player, which is a bundle of
 * its own and defines its element only where there are elements. Nothing may be printed but the result.
 */
function importAll(entries) {
  const list = JSON.stringify(entries);
  writeFileSync(
    join(folder, 'all.mjs'),
    `const modules = [];
for (const name of ${list}) modules.push(await import(name));
const errors = modules.flatMap(({ TesseraError }) => TesseraError ?? []);
console.log(modules.length, errors.length, new Set(errors).size);\n`,
  );
  writeFileSync(
    join(folder, 'all.cjs'),
    `const modules = ${list}.map((name) => require(name));
const errors = modules.flatMap(({ TesseraError }) => TesseraError ?? []);
console.log(modules.length, errors.length, new Set(errors).size);\n`,
  );
  const players = entries.filter((name) => name.includes('/player')).length;
  const wanted = new RegExp(`^${entries.length} ${entries.length - players} 1\\n$`);
  expect(run('import from ESM', process.execPath, ['all.mjs']), wanted);
  expect(run('require from CommonJS', process.execPath, ['all.cjs']), wanted);
}

/** Programs against the declarations, those of the declarations' own imports included. */
function checkTypes() {
  const program = `import { compressVideo, findScenes, InputError, type CompressResult, type FoundScene } from 'tessera-codec';
import { Decoder, Encoder, type DecodedFrame, type Frame, type Packet } from 'tessera-codec/codec';
import { openFileSource, StreamReader } from 'tessera-codec/stream';
import { computePsnr, METRICS, type FramePsnr } from 'tessera-codec/metrics';
import { runBench, type Codec } from 'tessera-codec/bench';
import { decodeFrames, TesseraPlayer } from 'tessera-codec/player';
import 'tessera-codec/player/tessera-video';

export async function compress(input: string): Promise<CompressResult | string> {
  try {
    return await compressVideo(input, 'out.tsr', { quality: 30, onProgress: ({ frames }) => void frames.toFixed() });
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
}

export async function* encode(frames: AsyncIterable<Frame>): AsyncGenerator<Packet> {
  const encoder = await Encoder.create(64, 64, { quality: 25 });
  yield* encoder.encode(frames);
  await encoder[Symbol.asyncDispose]();
}

export async function decode(path: string): Promise<DecodedFrame[]> {
  const reader = await StreamReader.open(await openFileSource(path));
  const decoder = await Decoder.create(reader.header, { postFilter: 'none' });
  async function* packets() {
    for await (const section of reader.sections()) if (section.kind === 'packet') yield section.packet;
  }
  const frames: DecodedFrame[] = [];
  for await (const frame of decoder.decode(packets())) frames.push(frame);
  return frames;
}

export const find = async (): Promise<readonly FoundScene[]> => (await findScenes('dog', ['.'])).scenes;
export const measure = (a: Frame, b: Frame): FramePsnr => computePsnr(a, b);
export const title: string = METRICS['psnr-y'].title;
export const bench: typeof runBench = runBench;
export type Mine = Codec;
export const play = (canvas: HTMLCanvasElement): TesseraPlayer => new TesseraPlayer(canvas, 'clip.tsr');
export const widths = async (source: Blob): Promise<number[]> => {
  const widths: number[] = [];
  for await (const frame of decodeFrames(source)) widths.push(frame.width);
  return widths;
};
`;
  writeFileSync(join(folder, 'program.mts'), program);
  writeFileSync(join(folder, 'program.cts'), program);
  const options = { target: 'es2022', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: false, types: [] };
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: ['program.mts', 'program.cts'] }),
  );
  run('type check', process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.']);
}

/** Runs a program and returns all that it prints. Throws unless it ends with 0. */
function run(name, program, parameters, cwd = folder) {
  const startMs = performance.now();
  const { status, error, stdout, stderr } = spawnSync(program, parameters, {
    cwd,
    env: environment,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${name} failed (${error?.message ?? `exit code ${status}`}):\n${stdout}${stderr}`);
  tell(`${name}, ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  return stdout + stderr;
}

function expect(text, pattern) {
  if (!pattern.test(text)) throw new Error(`this does not match ${pattern}:\n${text}`);
}

function tell(text) {
  process.stdout.write(`package: ${text}\n`);
}

/** Bytes of all files below a folder. */
function sizeOf(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath ?? entry.path, entry.name)).size, 0);
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
