import { chmod, link, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from '@jest/globals';
import { EnvironmentError, InputError } from '../../src/errors.js';
import { createTemporaryFile, describeWriteError, writeFileSafely } from '../../src/io/temporary-file.js';
import { failureOf, makeFolder, produce } from '../video/helpers.js';

test('the target appears on commit only', async () => {
  await using folder = await makeFolder();
  const bytes = await writeFileSafely(folder.join('a.tsr'), produce([Buffer.from('ab'), Buffer.from('c')]));
  expect(bytes).toBe(3);
  expect(await readFile(folder.join('a.tsr'), 'utf8')).toBe('abc');
  {
    await using file = await createTemporaryFile(folder.join('b.tsr'));
    await writeFile(file.path, 'x');
    const names = await readdir(folder.path);
    expect(names).toHaveLength(2);
    expect(names).not.toContain('b.tsr');
  }
  expect(await readdir(folder.path)).toEqual(['a.tsr']);
});

test('a failing source leaves nothing, and an existing file as it was', async () => {
  await using folder = await makeFolder();
  await writeFile(folder.join('a.tsr'), 'old');
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('new');
    await Promise.resolve();
    throw new InputError('broken');
  }
  const error = await failureOf(writeFileSafely(folder.join('a.tsr'), broken(), { overwrite: true }));
  expect(error.message).toBe('broken');
  expect(await readdir(folder.path)).toEqual(['a.tsr']);
  expect(await readFile(folder.join('a.tsr'), 'utf8')).toBe('old');
});

test('existing files and inputs are refused, under any name', async () => {
  await using folder = await makeFolder();
  await writeFile(folder.join('in.mp4'), 'x');
  await symlink('in.mp4', folder.join('symbolic'));
  await link(folder.join('in.mp4'), folder.join('hard'));
  expect((await failureOf(createTemporaryFile(folder.join('in.mp4')))).message).toMatch(/exists already; use -y/);
  for (const name of ['in.mp4', 'symbolic', 'hard', './in.mp4']) {
    const options = { overwrite: true, inputs: [folder.join('in.mp4')] };
    const error = await failureOf(createTemporaryFile(`${folder.path}/${name}`, options));
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(/is the input itself/);
  }
});

test('folders that are missing, are files, or cannot be written', async () => {
  await using folder = await makeFolder();
  await writeFile(folder.join('file'), 'x');
  expect(await failureOf(createTemporaryFile(folder.join('none/a')))).toBeInstanceOf(InputError);
  expect((await failureOf(createTemporaryFile(folder.join('file/a')))).message).toMatch(/is not a folder/);
  expect((await failureOf(createTemporaryFile(folder.path))).message).toMatch(/is a folder/);
  await chmod(folder.path, 0o500);
  // Root may write everywhere.
  if (process.getuid?.() !== 0) {
    expect(await failureOf(createTemporaryFile(folder.join('a')))).toBeInstanceOf(EnvironmentError);
  }
  await chmod(folder.path, 0o700);
});

test.each([
  ['ENOSPC', EnvironmentError, /disk is full/],
  ['EACCES', EnvironmentError, /no permission/],
  ['EROFS', EnvironmentError, /no permission/],
  ['ENOENT', InputError, /does not exist/],
  ['EIO', EnvironmentError, /cannot write/],
])('%s', (code, type, message) => {
  const error = describeWriteError(Object.assign(new Error('system'), { code }), 'x/a.mp4');
  expect(error).toBeInstanceOf(type);
  expect(error.message).toMatch(message);
});

test('a full disk', async () => {
  if (process.platform !== 'linux') return;
  const error = await failureOf(writeFileSafely('/dev/full', produce([new Uint8Array(10)])));
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(error.message).toMatch(/disk is full/);
});

test('a symbolic link stays; what it points to is replaced, or made', async () => {
  await using folder = await makeFolder();
  await mkdir(folder.join('other'));
  await writeFile(folder.join('other/a.tsr'), 'old');
  await symlink('other/a.tsr', folder.join('first'));
  await symlink('first', folder.join('second'));
  expect(await failureOf(createTemporaryFile(folder.join('second')))).toBeInstanceOf(InputError);
  {
    await using file = await createTemporaryFile(folder.join('second'), { overwrite: true });
    // Beside the file itself: a rename from another file system would fail.
    expect(dirname(file.path)).toBe(folder.join('other'));
  }
  await writeFileSafely(folder.join('second'), produce([Buffer.from('new')]), { overwrite: true });
  expect(await readlink(folder.join('second'))).toBe('first');
  expect(await readlink(folder.join('first'))).toBe('other/a.tsr');
  expect(await readFile(folder.join('other/a.tsr'), 'utf8')).toBe('new');
  expect(await readdir(folder.join('other'))).toEqual(['a.tsr']);

  await symlink('other/b.tsr', folder.join('dangling'));
  await writeFileSafely(folder.join('dangling'), produce([Buffer.from('made')]));
  expect(await readlink(folder.join('dangling'))).toBe('other/b.tsr');
  expect(await readFile(folder.join('other/b.tsr'), 'utf8')).toBe('made');

  await symlink('circle', folder.join('circle'));
  const circle = await failureOf(createTemporaryFile(folder.join('circle')));
  expect(circle.message).toMatch(/its symbolic links lead back to themselves/);
});
