import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ModelError } from '../../src/errors.js';
import { loadPack, packPlaces, readPack } from '../../src/model/pack.js';
import { PackCopy, TINY_PACK } from '../support/packs.js';

test('readPack makes the same pack of bytes in memory', async () => {
  const asked: string[] = [];
  const pack = await readPack({
    folder: 'memory',
    read: (path) => {
      asked.push(path);
      return readFile(join(TINY_PACK, path));
    },
  });
  expect(pack).toEqual({ ...(await loadPack(TINY_PACK)), folder: 'memory' });
  expect(asked[0]).toBe('manifest.json');
});

describe('loadPack', () => {
  afterEach(() => {
    delete process.env['TESSERA_PACK_PATH'];
    delete process.env['XDG_CACHE_HOME'];
  });

  test('reads the tiny pack by its path', async () => {
    const pack = await loadPack(TINY_PACK);
    expect(pack).toMatchObject({ name: 'tiny', folder: TINY_PACK });
    expect(pack.id).toHaveLength(16);
    expect([...pack.graphs.keys()].sort()).toEqual([
      ...['loop-filter', 'post-filter-lpips', 'post-filter-psnr'],
      ...['prior-first', 'prior-second'],
    ]);
    expect(pack.tables.get('step')!.shape).toEqual([64]);
    expect(pack.selfTest.size).toBeGreaterThan(0);
  });

  test("finds the package's own pack, those of TESSERA_PACK_PATH and of the cache by name", async () => {
    expect((await loadPack('tessera-nano')).name).toBe('tessera-nano');

    await using copy = await PackCopy.create();
    const above = await mkdtemp(`${copy.folder}-`);
    try {
      await rename(copy.folder, join(above, 'renamed'));
      process.env['TESSERA_PACK_PATH'] = above;
      expect((await loadPack('renamed')).folder).toBe(join(above, 'renamed'));
      delete process.env['TESSERA_PACK_PATH'];
      process.env['XDG_CACHE_HOME'] = above;
      expect(packPlaces().at(-1)).toBe(join(above, 'tessera', 'packs'));
    } finally {
      await rm(above, { recursive: true });
    }
  });

  test('says where it looked for a name', async () => {
    await expect(loadPack('no-such-pack')).rejects.toThrow(ModelError);
    await expect(loadPack('no-such-pack')).rejects.toThrow(
      /no model pack 'no-such-pack' in .*codecs.*TESSERA_PACK_PATH/,
    );
    await expect(loadPack('./no-such-pack')).rejects.toThrow(/no-such-pack is not a model pack/);
  });

  test('refuses a changed, a cut and a missing file, and names it', async () => {
    await using copy = await PackCopy.create();
    const path = join(copy.folder, 'prior-first.onnx');
    const { graphs } = await loadPack(copy.folder);
    const changed = Uint8Array.from(graphs.get('prior-first')!);
    changed[100]! ^= 1;
    await writeFile(path, changed);
    await expect(loadPack(copy.folder)).rejects.toThrow(/prior-first\.onnx is not the file/);
    await writeFile(path, changed.subarray(0, 50));
    await expect(loadPack(copy.folder)).rejects.toThrow(/prior-first\.onnx is not the file/);
    await writeFile(path, new Uint8Array(changed.length + 1));
    await expect(loadPack(copy.folder)).rejects.toThrow(/prior-first\.onnx is larger/);
    await rm(path);
    await expect(loadPack(copy.folder)).rejects.toThrow(/cannot read .*prior-first\.onnx/);
  });

  test('the identity follows what decides decoding, not post-filters or words', async () => {
    await using copy = await PackCopy.create();
    const original = await loadPack(copy.folder);
    await copy.replace('post-filter-psnr', original.graphs.get('post-filter-lpips')!);
    await copy.editManifest((manifest) => Object.assign(manifest, { name: 'other', version: '9.9.9' }));
    expect((await loadPack(copy.folder)).id).toEqual(original.id);
    await copy.replace('loop-filter', original.graphs.get('prior-first')!);
    expect((await loadPack(copy.folder)).id).not.toEqual(original.id);
  });
});
