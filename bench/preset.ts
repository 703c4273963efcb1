import { readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { EnvironmentError, InputError } from '../src/errors.js';
import { METRIC_NAMES } from '../src/metrics/metric-names.js';
import { packageFolder } from '../src/platform/node/package-folder.js';
import type { BenchSettings } from './bench-options.js';
import { explainIssue } from './explain-issue.js';
import { parseSize } from './size.js';

const metricName = z.enum(METRIC_NAMES);

/** A preset file; docs/BENCHMARK.md documents the keys, which are those of {@link BenchSettings}. */
const schema = z.strictObject({
  description: z.string(),
  clips: z.array(z.string().min(1)).min(1).optional(),
  codecs: z.array(z.string().min(1)).min(1).optional(),
  metrics: z.array(metricName).min(1).optional(),
  frames: z.int().min(1).optional(),
  size: z.string().optional(),
  keyint: z.int().min(1).optional(),
  pictures: z.int().min(0).optional(),
  targetBitsPerPixel: z.number().positive().optional(),
  published: z
    .array(
      z.strictObject({
        title: z.string().min(1),
        source: z.string().min(1),
        bitsPerPixel: z.number().positive(),
        metrics: z.partialRecord(metricName, z.number()),
      }),
    )
    .optional(),
});

/**
 * Reads a preset. Its clips are looked for from the folder of the file.
 *
 * @param nameOrPath name of a preset of the package, or path of a YAML file.
 * @throws InputError if there is none, or it is not as it should be: the message names the key.
 */
export async function loadPreset(nameOrPath: string): Promise<BenchSettings> {
  const file = await findPreset(nameOrPath);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new InputError(`cannot read the preset ${file}: ${(error as Error).message}`, { cause: error });
  }
  let yaml: unknown;
  try {
    yaml = parse(text);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new InputError(`${file} is not YAML: ${error.message.split('\n')[0] ?? ''}`, { cause: error });
  }
  const result = schema.safeParse(yaml);
  if (!result.success) throw new InputError(`${file}: ${explainIssue(result.error)}`);
  const { description: _, clips, size, ...rest } = result.data;
  return dropUndefined({
    ...rest,
    clips: clips?.map((clip) => relative('.', resolve(dirname(file), clip))),
    size: size === undefined ? undefined : parseSize(size),
  });
}

/** Names of the presets in the package. */
export async function presetNames(): Promise<string[]> {
  const names = await readdir(presetFolder());
  return names.filter((name) => name.endsWith('.yaml')).map((name) => basename(name, '.yaml'));
}

async function findPreset(nameOrPath: string): Promise<string> {
  if (/[/\\]|\.ya?ml$/.test(nameOrPath)) return nameOrPath;
  const names = await presetNames();
  if (names.includes(nameOrPath)) return join(presetFolder(), `${nameOrPath}.yaml`);
  throw new InputError(`there is no preset '${nameOrPath}': name one of ${names.join(', ')}, or a YAML file`);
}

function presetFolder(): string {
  const own = packageFolder();
  if (own === undefined) throw new EnvironmentError('the presets of the package are not there: install tessera again');
  return join(own, 'bench', 'presets');
}

function dropUndefined(settings: object): BenchSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
