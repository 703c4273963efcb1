import { constants } from 'node:fs';
import { access, readdir, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PACK } from '../codec/encoder.js';
import { TesseraError } from '../errors.js';
import { probeCuda } from '../model/device.js';
import { requireRuntime } from '../platform/node/graph-session.js';
import { loadPack, packPlaces } from '../model/pack.js';
import { selfTestPack } from '../model/self-test.js';
import { isWordsPack, openWordsPack } from '../model/words-pack.js';
import { Vocabulary } from '../words/vocabulary.js';
import { describeFfmpeg, type FfmpegDescription } from '../video/measure/ffmpeg-info.js';

/** Whether packs can be used on a device. */
export interface DeviceReport {
  readonly device: 'cpu' | 'cuda';
  readonly works: boolean;
  /** One line: what does not work, why, and what to do; empty if everything works. */
  readonly remedy: string;
}

/** A model pack that was found, and the results of its checks. */
export interface PackReport {
  readonly name: string;
  readonly folder: string;
  /** Null if the pack cannot be read. */
  readonly version: string | null;
  /** Hexadecimal identity that streams carry; null if the pack cannot be read. */
  readonly id: string | null;
  /** Whether its exact graphs give the expected bits, by device. */
  readonly selfTests: readonly { readonly device: 'cpu' | 'cuda'; readonly ok: boolean }[];
  /** One line: the problem and what to do; empty if there is none. */
  readonly problem: string;
}

/** The result of {@link examineMachine}. */
export interface MachineReport {
  readonly node: string;
  /** Such as `linux-x64`. */
  readonly platform: string;
  readonly processors: number;
  readonly ffmpeg: FfmpegDescription;
  /** Version of onnxruntime-node; empty if it is not installed. */
  readonly onnxruntime: string;
  readonly devices: readonly DeviceReport[];
  /** The folders in which packs are searched. */
  readonly packPlaces: readonly string[];
  readonly packs: readonly PackReport[];
  readonly temporaryFolder: { readonly path: string; readonly isWritable: boolean; readonly freeBytes: number };
  /** Problems that stop tessera from working, each with its remedy, one line each. */
  readonly missing: readonly string[];
  /** True if the default pack can be used and the FFmpeg in use has all encoders. CUDA is not needed. */
  readonly isUsable: boolean;
}

/** Checks everything that tessera needs on this machine. Runs the self-test of each pack on each device that works. */
export async function examineMachine(): Promise<MachineReport> {
  const devices = [await examineDevice('cpu'), await examineDevice('cuda')];
  const working = devices.filter(({ works }) => works).map(({ device }) => device);
  const packs: PackReport[] = [];
  for (const folder of await findPacks()) packs.push(await examinePack(folder, working));
  const ffmpeg = describeFfmpeg();
  const temporaryFolder = await examineFolder(tmpdir());
  const hasDefault = packs.some(({ name, problem }) => name === DEFAULT_PACK && problem === '');
  const missing = [
    ...ffmpeg.missingEncoders.map((name) => `FFmpeg has no encoder ${name}: install the package node-av again`),
    ...(hasDefault
      ? []
      : [`the model pack ${DEFAULT_PACK} cannot be used: install tessera again, or set TESSERA_PACK_PATH`]),
    ...packs.filter(({ problem }) => problem !== '').map(({ folder, problem }) => `${folder}: ${problem}`),
    ...(temporaryFolder.isWritable
      ? []
      : [`${temporaryFolder.path} cannot be written: set TMPDIR to a folder that can`]),
  ];
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    processors: availableParallelism(),
    ffmpeg,
    onnxruntime: onnxruntimeVersion(),
    devices,
    packPlaces: packPlaces(),
    packs,
    temporaryFolder,
    missing,
    isUsable:
      hasDefault && ffmpeg.missingEncoders.length === 0 && temporaryFolder.isWritable && working.includes('cpu'),
  };
}

async function examineDevice(device: 'cpu' | 'cuda'): Promise<DeviceReport> {
  try {
    if (device === 'cuda') await probeCuda();
    else await requireRuntime();
    return { device, works: true, remedy: '' };
  } catch (error) {
    if (!(error instanceof TesseraError)) throw error;
    if (device === 'cuda') return { device, works: false, remedy: error.message };
    // Packs of the family transform do without onnxruntime on the CPU.
    const remedy = `packs of the family lookup-free and float post-filters cannot be used: ${error.message}`;
    return { device, works: true, remedy };
  }
}

/** Returns the folders with a manifest in the places where packs are searched. */
async function findPacks(): Promise<string[]> {
  const found: string[] = [];
  for (const place of packPlaces()) {
    const names = await readdir(place).catch(() => []);
    for (const name of names.sort()) {
      const folder = join(place, name);
      const isPack = await access(join(folder, 'manifest.json')).then(
        () => true,
        () => false,
      );
      if (isPack) found.push(folder);
    }
  }
  return found;
}

async function examinePack(folder: string, devices: readonly ('cpu' | 'cuda')[]): Promise<PackReport> {
  const name = folder.split(/[/\\]/).at(-1) ?? folder;
  try {
    if (await isWordsPack(folder)) return await examineWordsPack(folder);
    const pack = await loadPack(folder);
    const selfTests: { device: 'cpu' | 'cuda'; ok: boolean }[] = [];
    for (const device of devices) {
      const results = await selfTestPack(pack, { device, threads: 1 });
      selfTests.push({ device, ok: results.every(({ ok }) => ok) });
    }
    const failed = selfTests.filter(({ ok }) => !ok).map(({ device }) => device);
    return {
      name: pack.name,
      folder,
      version: pack.version,
      id: Buffer.from(pack.id).toString('hex'),
      selfTests,
      problem: failed.length === 0 ? '' : `fails its self-test on ${failed.join(' and ')}: do not use that device`,
    };
  } catch (error) {
    if (!(error instanceof TesseraError)) throw error;
    return { name, folder, version: null, id: null, selfTests: [], problem: error.message };
  }
}

async function examineWordsPack(folder: string): Promise<PackReport> {
  const pack = await openWordsPack(folder);
  await pack.read('classifier');
  const vocabulary = await Vocabulary.read(await pack.read('vocabulary'), pack.pathOf('vocabulary'));
  const { name, version } = pack;
  return { name, folder, version, id: Buffer.from(vocabulary.id).toString('hex'), selfTests: [], problem: '' };
}

async function examineFolder(path: string): Promise<MachineReport['temporaryFolder']> {
  const isWritable = await access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
  const freeBytes = await statfs(path).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return { path, isWritable, freeBytes };
}

function onnxruntimeVersion(): string {
  try {
    const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
    return version;
  } catch {
    return '';
  }
}
