import { beforeAll, afterAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Folder, PROGRAM } from './cli/helpers.js';
import { mux, recordSound, recordVideo } from './video/recordings.js';

let readme: string;
let folder: Folder;

beforeAll(async () => {
  readme = await readFile('README.md', 'utf8');
  folder = await Folder.create();
  // Few pictures, but long enough for every --start and --duration.
  const video = await recordVideo([0, 200, 400, 600, 800, 1000, 1200], 1000);
  await mux(folder.join('in.mp4'), 'mp4', [video, recordSound(0, 50)]);
});

afterAll(() => folder[Symbol.asyncDispose]());

/** Contents of the code blocks in this language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, text]) => text!);
}

// In this order: the library's examples read what the command line's wrote.
describe('the examples of the README run', () => {
  test('command line', async () => {
    const examples = blocks('sh');
    expect(examples).toHaveLength(1);
    const script = `set -euo pipefail\ntessera() { '${process.execPath}' '${PROGRAM}' "$@"; }\n${examples.join('')}`;
    const { exitCode, all } = await execa('bash', ['-c', script], { cwd: folder.path, reject: false, all: true });
    expect({ exitCode, all }).toMatchObject({ exitCode: 0, all: expect.stringContaining('intact') as unknown });
    expect(await readdir(folder.path)).toEqual([
      ...[
        'again.tsr',
        'back.mp4',
        'better.tsr',
        'cut.tsr',
        'exact.mkv',
        'exact.tsr',
        'found.tsr',
        'half.tsr',
        'in.mp4',
        'jobs.tsr',
        'network.tsr',
      ],
      ...['out.tsr', 'part.mp4', 'same.tsr', 'small.tsr', 'tokens.npz', 'tokens.tsr'],
    ]);
  }, 180_000);

  test('library', async () => {
    const examples = blocks('js');
    expect(examples).toHaveLength(2);
    // The package's own entries, as a program sees them that has it installed.
    await mkdir(folder.join('node_modules'));
    await symlink(resolve('.'), folder.join('node_modules/tessera-codec'), 'dir');
    for (const [index, text] of examples.entries()) {
      expect(text).toContain("from 'tessera-codec'");
      const path = folder.join(`example-${index}.mjs`);
      await writeFile(path, text);
      const { exitCode, stdout, stderr } = await execa(process.execPath, [path], { cwd: folder.path, reject: false });
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
      expect(stdout).toMatch(index === 0 ? /true$/ : /key \d+ \d+/);
    }
  }, 180_000);
});

describe('what documents name is there', () => {
  test.each([
    'README.md',
    'docs/ARCHITECTURE.md',
    'docs/CLI.md',
    'docs/FARM.md',
    'docs/PLAYER.md',
    'docs/REPORT.md',
    'docs/TOKENS.md',
    'CONTRIBUTING.md',
  ])('%s', async (name) => {
    const text = await readFile(name, 'utf8');
    const base = resolve(name, '..');
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => resolve(base, path!));
    const paths = [
      ...text.matchAll(/`((?:cli|pipeline|video|codec|kernels|entropy|bitstream|model|metrics|dev)\/[\w./-]*)`/g),
    ]
      .filter(() => name === 'docs/ARCHITECTURE.md')
      .map(([, path]) => resolve('src', path!));
    for (const path of [...links, ...paths]) await expect(readFile(path).catch(isFolder)).resolves.toBeDefined();
  });
});

/** Folders cannot be read as files; what is not there is an error still. */
function isFolder(error: NodeJS.ErrnoException): true {
  if (error.code === 'EISDIR') return true;
  throw error;
}
