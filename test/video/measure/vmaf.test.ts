import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chmod, writeFile } from 'node:fs/promises';
import { measureFrames } from '../../../src/metrics/measures.js';
import { findVmaf, VMAF_MODELS, type VmafName } from '../../../src/video/measure/vmaf.js';
import { Folder } from '../../cli/helpers.js';
import { drawPair } from '../../metrics/pictures.js';

const NAMES = Object.keys(VMAF_MODELS) as VmafName[];

describe('a model that cannot be had', () => {
  const { FFMPEG_PATH, PATH } = process.env;
  let folder: Folder;

  beforeAll(async () => {
    folder = await Folder.create();
    process.env['PATH'] = '';
  });
  afterAll(async () => {
    process.env['PATH'] = PATH;
    if (FFMPEG_PATH === undefined) delete process.env['FFMPEG_PATH'];
    else process.env['FFMPEG_PATH'] = FFMPEG_PATH;
    await folder[Symbol.asyncDispose]();
  });

  /** A program that lists the filter libvmaf and knows one of its models. */
  async function makeFfmpeg(name: string, model: string): Promise<string> {
    const path = folder.join(name);
    const script = `#!/bin/sh
case "$*" in
  *-filters*) echo ' .. libvmaf VV->V Calculate the VMAF';;
  *"version=${model} -f"*) exit 0;;
  *) exit 1;;
esac
`;
    await writeFile(path, script);
    await chmod(path, 0o755);
    return path;
  }

  test('says that there is no ffmpeg', async () => {
    process.env['FFMPEG_PATH'] = '';
    for (const name of NAMES) {
      expect(await findVmaf(name)).toEqual({
        reason: expect.stringMatching(
          new RegExp(
            `^${VMAF_MODELS[name].title} needs a command-line ffmpeg with libvmaf, and .*: install one, or name`,
          ),
        ) as unknown,
      });
    }
  });

  (process.platform === 'win32' ? test.skip : test)('says that libvmaf is too old for it', async () => {
    const path = await makeFfmpeg('old-ffmpeg', 'vmaf_v0.6.1');
    process.env['FFMPEG_PATH'] = path;
    expect(await findVmaf('vmaf')).toBe(path);
    expect(await findVmaf('vmaf-v1')).toEqual({
      reason: `VMAF v1 needs libvmaf's model vmaf_v1.0.16_3d0h, which ${path} does not have: install a newer ffmpeg with libvmaf, or name one in FFMPEG_PATH`,
    });
    const newer = await makeFfmpeg('new-ffmpeg', 'vmaf_v1.0.16_3d0h');
    process.env['FFMPEG_PATH'] = newer;
    expect(await findVmaf('vmaf-v1')).toBe(newer);
  });
});

const found = await Promise.all(NAMES.map(async (name) => [name, await findVmaf(name)] as const));
for (const [name, command] of found) {
  const isThere = typeof command === 'string';
  (isThere ? test : test.skip)(
    `${name}${isThere ? '' : ` (skipped: ${command.reason})`}`,
    async () => {
      const pairs = [10, 20, 80].map((noise, at) => drawPair(240, 224, 10 + at, noise));
      const colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false, chromaLocation: 1 };
      const { [name]: values } = await measureFrames([name], pairs, { colour, threads: 1 });
      expect(values).toHaveLength(3);
      for (const value of values) expect(value >= 0 && value <= 100).toBe(true);
      expect(values[0]).toBeGreaterThan(values[2]!);
      const same = await measureFrames([name], [{ original: pairs[0]!.original, decoded: pairs[0]!.original }], {
        ...{ colour, threads: 1 },
      });
      expect(same[name][0]).toBeGreaterThanOrEqual(values[0]!);
    },
    60_000,
  );
}
