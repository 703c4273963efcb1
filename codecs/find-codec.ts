import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError, ModelError, TesseraError } from '../src/errors.js';
import type { Codec, CodecFactory } from './codec.js';
import { parseCodecName } from './codec-name.js';
import { splitLosses } from './loss-pattern.js';
import { withLosses } from './with-losses.js';

/** Loaded when they are asked for: FFmpeg and onnxruntime take a while. */
const builtIn: Readonly<Record<string, () => Promise<{ readonly default: CodecFactory }>>> = {
  x264: () => import('./x264.js'),
  x265: () => import('./x265.js'),
  'svt-av1': () => import('./svt-av1.js'),
  vp9: () => import('./vp9.js'),
  'ffmpeg-cli': () => import('./ffmpeg-cli/index.js'),
};

/** The names of the codecs that are not model packs. */
export const BUILT_IN_CODECS: readonly string[] = Object.keys(builtIn);

const REQUIRED = ['describe', 'command', 'encode', 'decode', 'countPayloadBits'] as const;

/**
 * Finds a codec by its name: a built-in one (`x265:medium`), the path of a user's module that ends with `.js` or `.mjs`
 * (`./my-codec.mjs:fast`), else a model pack's name or folder (`tessera-nano:none`). Behind it may stand losses
 * (`x265:medium+loss=0.05`).
 *
 * @throws InputError if there is no such codec or variant, or the module is none; ModelError if a pack is damaged;
 * EnvironmentError if this machine lacks what the codec needs.
 */
export async function findCodec(name: string): Promise<Codec> {
  const { codec, losses } = splitLosses(name);
  return losses === null ? await findPlainCodec(name) : withLosses(await findPlainCodec(codec), codec, losses);
}

async function findPlainCodec(name: string): Promise<Codec> {
  const { base, variant } = parseCodecName(name);
  const load = Object.hasOwn(builtIn, base) ? builtIn[base] : undefined;
  if (load !== undefined) return await (await load()).default(variant);
  if (/\.m?js$/.test(base)) return await loadModule(base, variant);
  const { tesseraCodec } = await import('./tessera.js');
  try {
    return await tesseraCodec(base, variant);
  } catch (error) {
    // An unknown name is more likely a typing error than a missing pack.
    if (!(error instanceof ModelError) || /[/\\]/.test(base) || !error.message.includes('no model pack')) throw error;
    throw new InputError(
      `there is no codec '${base}': name one of ${BUILT_IN_CODECS.join(', ')}, a model pack, or the path of a module (./my-codec.mjs)`,
      { cause: error },
    );
  }
}

async function loadModule(path: string, variant: string): Promise<Codec> {
  const file = resolve(path);
  if (
    !(await stat(file).then(
      (entry) => entry.isFile(),
      () => false,
    ))
  ) {
    throw new InputError(`there is no codec module ${path}`);
  }
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  } catch (error) {
    throw new InputError(`cannot load the codec module ${path}: ${messageOf(error)}`, { cause: error });
  }
  if (typeof loaded.default !== 'function') {
    throw new InputError(`${path} is no codec module: its default export must be a function that makes a codec`);
  }
  let codec: Codec;
  try {
    codec = await (loaded.default as CodecFactory)(variant);
  } catch (error) {
    if (error instanceof TesseraError) throw error;
    throw new InputError(`the codec module ${path} makes no codec of '${variant}': ${messageOf(error)}`, {
      cause: error,
    });
  }
  checkCodec(path, codec);
  return codec;
}

/** In a module in plain JavaScript, any part may be missing. */
function checkCodec(path: string, codec: unknown): asserts codec is Codec {
  const fields = (typeof codec === 'object' && codec !== null ? codec : {}) as Record<string, unknown>;
  const missing = REQUIRED.filter((method) => typeof fields[method] !== 'function');
  if (missing.length > 0) throw new InputError(`the codec of ${path} has no ${missing.join(', no ')}`);
  if (typeof fields['settingName'] !== 'string') throw new InputError(`the codec of ${path} has no settingName`);
  const settings = fields['defaultSettings'];
  if (!Array.isArray(settings) || settings.length === 0 || !settings.every(Number.isFinite)) {
    throw new InputError(`the codec of ${path} has no defaultSettings: give at least one number`);
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
