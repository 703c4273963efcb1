import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { PackCopy } from '../support/packs.js';
import { Folder, jsonLines, start, tessera, tesseraTiny, TINY_PACK, type Run } from './helpers.js';

const SIDE = 'fixtures/streams/side.tsr';

let folder: Folder;
let npz: string;
let jsonl: string;
let sideBytes: number;

beforeAll(async () => {
  folder = await Folder.create();
  sideBytes = (await stat(SIDE)).size;
  [npz, jsonl] = [folder.join('side.npz'), folder.join('side.jsonl')];
  for (const file of [npz, jsonl]) {
    expect((await tesseraTiny(['tokens', 'export', SIDE, file])).exitCode).toBe(0);
  }
});

afterAll(() => folder[Symbol.asyncDispose]());

/** One clear line on stderr, nothing on stdout, this exit code. */
function expectFailure(run: Run, exitCode: number, line: RegExp): void {
  expect(run.stderr.split('\n')).toHaveLength(1);
  expect(run.stderr).toMatch(line);
  expect(run).toMatchObject({ exitCode, stdout: '' });
}

/** Imports, or exports, in a folder of its own, which must be empty afterwards. */
async function leavesNothing(args: readonly string[], name: string, exitCode: number, line: RegExp): Promise<void> {
  await using out = await Folder.create();
  expectFailure(await tesseraTiny(['tokens', ...args, out.join(name)]), exitCode, line);
  expect(await out.list()).toEqual([]);
}

/** The lines of the `.jsonl` file with one of them changed, as a file of its own. */
async function changed(name: string, number: number, from: string | RegExp, to: string): Promise<string> {
  const lines = (await readFile(jsonl, 'utf8')).split('\n');
  expect(lines[number]).toMatch(from);
  await writeFile(folder.join(name), lines.with(number, lines[number]!.replace(from, to)).join('\n'));
  return folder.join(name);
}

describe('there and back', () => {
  test('files give the same stream, and say so', async () => {
    for (const file of [npz, jsonl]) {
      const out = folder.join('same.tsr');
      const run = await tesseraTiny(['tokens', 'import', file, out, '-y']);
      expect(run.stderr).toBe(`tessera: ${file} -> ${out}: 2 frames, ${sideBytes} bytes, the same stream as before`);
      expect(await readFile(out)).toEqual(await readFile(SIDE));
    }
  });

  test('pipes, in both formats', async () => {
    const original = await readFile(SIDE);
    for (const [format, first] of [
      ['jsonl', '{"type":"tokens"'],
      ['npz', 'PK'],
    ] as const) {
      const args = ['tokens', 'export', '-', '-', '--format', format, '--pack', TINY_PACK];
      const { stdout: file } = await start(args, { input: original });
      expect(Buffer.from(file).toString('latin1')).toMatch(new RegExp(`^${first}`));
      const { stdout } = await start(['tokens', 'import', '-', '-', '--pack', TINY_PACK], { input: file });
      expect(Buffer.from(stdout)).toEqual(original);
    }
  });

  test('--json tells what was done', async () => {
    const exported = await tesseraTiny(['tokens', 'export', SIDE, folder.join('b.npz'), '--json']);
    expect(jsonLines(exported.stdout).at(-1)).toMatchObject({
      ...{ type: 'done', command: 'tokens export', input: SIDE, format: 'npz', family: 'transform' },
      ...{ frames: 2, chunks: 1, tokenGrids: 2, bytes: sideBytes, pack: 'tiny' },
    });
    const imported = await tesseraTiny(['tokens', 'import', npz, folder.join('b.tsr'), '--json']);
    expect(jsonLines(imported.stdout).at(-1)).toMatchObject({
      ...{
        type: 'done',
        command: 'tokens import',
        input: npz,
        frames: 2,
        bytes: sideBytes,
        isSame: true,
        pack: 'tiny',
      },
      bytesBySection: expect.objectContaining({ end: 26 }) as unknown,
    });
  });
});

describe('what export refuses', () => {
  test('what is no stream, or damaged', async () => {
    const cut = folder.join('cut.tsr');
    await writeFile(cut, (await readFile(SIDE)).subarray(0, 600));
    await leavesNothing(['export', folder.join('no.tsr')], 'a.npz', 3, /no\.tsr does not exist$/);
    await leavesNothing(['export', jsonl], 'a.npz', 4, /not a tessera stream/);
    await leavesNothing(['export', cut], 'a.npz', 4, /the stream ends within a section, and no intact section follows/);
    await leavesNothing(
      ['export', cut],
      'a.jsonl',
      4,
      /the stream ends within a section, and no intact section follows/,
    );
    await leavesNothing(
      ['export', 'fixtures/streams/invalid/tokens-cut.tsr'],
      'a.npz',
      4,
      /^tessera: frame 0 cannot be/,
    );
  });

  test('names that say nothing, files that exist', async () => {
    await leavesNothing(
      ['export', SIDE],
      'a.xyz',
      3,
      /cannot tell from .*a\.xyz what to write: end its name with \.npz/,
    );
    expectFailure(await tesseraTiny(['tokens', 'export', SIDE, npz]), 3, /side\.npz exists already; use -y/);
    expect((await tesseraTiny(['tokens', 'export', SIDE, npz, '-y'])).exitCode).toBe(0);
  });
});

describe('what import refuses', () => {
  test('what is no token file, or cut', async () => {
    const [cutNpz, cutJsonl] = [folder.join('cut.npz'), folder.join('cut.jsonl')];
    await writeFile(cutNpz, (await readFile(npz)).subarray(0, -200));
    await writeFile(cutJsonl, (await readFile(jsonl)).subarray(0, -200));
    await leavesNothing(['import', folder.join('no.npz')], 'a.tsr', 3, /no\.npz does not exist$/);
    await leavesNothing(['import', SIDE], 'a.tsr', 3, /side\.tsr is not a token file \(\.npz or \.jsonl\); make one/);
    await leavesNothing(['import', cutNpz], 'a.tsr', 3, /cut\.npz is cut or damaged: .*; export the tokens again$/);
    await leavesNothing(['import', cutJsonl], 'a.tsr', 3, /cut\.jsonl line 5 is not JSON: the file is cut or damaged/);
  });

  test('tokens of another pack', async () => {
    await using other = await PackCopy.create();
    await other.replace('loop-filter', await readFile(`${other.folder}/prior-first.onnx`));
    await using out = await Folder.create();
    const args = ['tokens', 'import', npz, out.join('a.tsr')];
    expectFailure(await tessera([...args, '--pack', other.folder]), 5, /is not the one the tokens were made with/);
    expectFailure(await tessera(args), 5, /there is no model pack 'tiny' in/);
    expect(await out.list()).toEqual([]);
    const family = await changed('family.jsonl', 0, '"family":"transform"', '"family":"unknown"');
    await leavesNothing(['import', family], 'a.tsr', 3, /family\.jsonl: tokens of family unknown, but pack tiny is of/);
  });

  test('arrays that are missing or hold what no stream can, heads too', async () => {
    const change = async (from: string | RegExp, to: string, line: RegExp): Promise<void> =>
      leavesNothing(['import', await changed('bad.jsonl', 3, from, to)], 'a.tsr', 3, line);
    await change('"motion":', '"lotion":', /bad\.jsonl: frame 0: the array motion is missing$/);
    await change(/"arrays":.*/, '"arrays":null}', /bad\.jsonl: frame 0: its arrays must not be null$/);
    await change(/"type":\[\d+,/, '"type":[', /bad\.jsonl line 4: type has 3 numbers; it must have 4$/);
    await change(/"type":\[\d+,/, '"type":[999,', /bad\.jsonl line 4: type\[0, 0\] is 999; it must be uint8$/);
    await change(/"type":\[\d+,/, '"type":[9,', /bad\.jsonl: frame 0: type\[0, 0\] is 9; it must be 0\.\.4$/);
    await change('"q":', '"q":1', /bad\.jsonl: frame 0: flags\.q 1\d+ does not fit into 6 bits$/);
    await change('"refreshSlot":0', '"refreshSlot":8', /bad\.jsonl: frame 0: packet field refreshSlot: slot 8 of/);
    const shapes = await changed('shapes.jsonl', 0, '"shape":[2,2]', '"shape":[2,3]');
    await leavesNothing(
      ['import', shapes],
      'a.tsr',
      3,
      /shapes\.jsonl: pictures of \d+x\d+ need the array blockSize as uint8/,
    );
    const width = await changed('width.jsonl', 0, /"width":\d+/, '"width":100000000');
    await leavesNothing(
      ['import', width],
      'a.tsr',
      3,
      /width\.jsonl: header: height does not fit into a \.tsr stream: 1\d+x\d+ exceeds/,
    );
    const behind = await changed('behind.jsonl', 5, /$/, `\n{"type":"side","bytes":""}`);
    await leavesNothing(['import', behind], 'a.tsr', 3, /behind\.jsonl line 7 comes after the line of type end/);
    const frames = await changed('frames.jsonl', 5, '"frames":2', '"frames":3');
    await leavesNothing(['import', frames], 'a.tsr', 3, /frames\.jsonl: its last line says 3 frames, but it has 2$/);
  });

  test('a file that exists, without -y', async () => {
    const there = folder.join('there.tsr');
    await writeFile(there, 'mine');
    expectFailure(await tesseraTiny(['tokens', 'import', npz, there]), 3, /there\.tsr exists already; use -y/);
    expect(await readFile(there, 'utf8')).toBe('mine');
    expectFailure(await tesseraTiny(['tokens', 'import', npz, npz, '-y']), 3, /side\.npz is the input itself/);
  });
});

test('wrong arguments', async () => {
  const wrong: [string[], RegExp][] = [
    [['tokens'], /name export or import/],
    [['tokens', 'move', 'a', 'b'], /Unknown (argument|command)/],
    [['tokens', 'export', SIDE], /Not enough non-option arguments/],
    [['tokens', 'export', SIDE, '-', '--json'], /--json needs stdout, which carries the tokens/],
    [['tokens', 'import', npz, '-', '--json'], /--json needs stdout, which carries the \.tsr stream/],
  ];
  for (const [args, line] of wrong) {
    const run = await tessera(args);
    expect(run).toMatchObject({ exitCode: 2 });
    expect(run.stderr).toMatch(line);
  }
});
