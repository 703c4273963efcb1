import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Packet } from '../../src/bitstream/packet.js';
import { packetsOf } from '../codec/packets-of.js';
import { clip, tesseraAlone, type Run } from './helpers.js';

const WITHOUT = { NODE_OPTIONS: `--import ${new URL('no-onnxruntime.mjs', import.meta.url).href}` };

/** The product pack, whose filter `lpips` has 8 bits. */
const PACK = ['--pack', 'tessera-nano'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-'));
  expect((await run(['compress', clip('odd-101x67.webm'), at('with.tsr'), ...PACK], {})).exitCode).toBe(0);
});
afterAll(() => rm(folder, { recursive: true }));

function at(name: string): string {
  return join(folder, name);
}

/** The packets of a stream without what a key packet tells post-filters. */
async function decided(path: string): Promise<Packet[]> {
  const { packets } = await packetsOf(await readFile(path));
  return packets.map((packet) => (packet.kind === 'key' ? { ...packet, variant: 0 } : packet));
}

function run(words: readonly string[], env = WITHOUT as Record<string, string>): Promise<Run> {
  return tesseraAlone(words, { env });
}

describe('where onnxruntime-node is not installed', () => {
  test('packs of the family transform give the same streams, but for the attenuation of the post-filter', async () => {
    const { exitCode, stderr } = await run(['compress', clip('odd-101x67.webm'), at('without.tsr'), ...PACK]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/the post-filter is not adapted to the pictures: onnxruntime cannot be loaded/);
    const [a, b] = await Promise.all(['without.tsr', 'with.tsr'].map((name) => decided(at(name))));
    expect(a).toEqual(b);
    expect(a!.length).toBeGreaterThan(1);
  });

  test.each(['none', 'lpips'])('and the same pictures with the post-filter %s', async (filter) => {
    const decompress = (name: string): string[] => ['decompress', at('with.tsr'), at(name), '--post-filter', filter];
    expect(await run(decompress(`${filter}-with.y4m`), {})).toMatchObject({ exitCode: 0 });
    expect(await run(decompress(`${filter}-without.y4m`))).toMatchObject({ exitCode: 0 });
    const [a, b] = [await readFile(at(`${filter}-with.y4m`)), await readFile(at(`${filter}-without.y4m`))];
    expect(Buffer.compare(a, b)).toBe(0);
  });

  test('a float post-filter is refused with what to do', async () => {
    const { exitCode, stderr } = await run(['decompress', at('with.tsr'), at('psnr.y4m'), '--post-filter', 'psnr']);
    expect(exitCode).toBe(6);
    expect(stderr).toContain('install the package onnxruntime-node again');
  });

  test('doctor says so, and that the default pack works', async () => {
    const { exitCode, stdout } = await run(['doctor']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/onnxruntime +not installed/);
    expect(stdout).toMatch(/tessera-nano +\S+ +cpu ok/);
    expect(stdout).toContain('cpu: packs of the family lookup-free and float post-filters cannot be used');
  });
});
