import { expect, test } from '@jest/globals';
import { mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { parseRedisAddress } from '../../src/farm/redis-address.js';
import { Roots } from '../../src/farm/roots.js';
import { makeFolder } from '../video/helpers.js';

test('addresses of Redis', () => {
  expect(parseRedisAddress('redis://localhost')).toEqual({
    name: 'localhost:6379',
    options: { host: 'localhost', port: 6379, db: 0 },
  });
  expect(parseRedisAddress('rediss://me:p%40ss@[::1]:7000/3')).toEqual({
    name: '[::1]:7000',
    options: { host: '::1', port: 7000, db: 3, username: 'me', password: 'p@ss', tls: { servername: '::1' } },
  });
  for (const text of ['http://:secret@host', 'secret', 'redis://:secret@host/x', 'redis://']) {
    expect(() => parseRedisAddress(text)).toThrow(/^the address of Redis(?!.*secret)/);
  }
});

test('roots hold what lies below them, over links too', async () => {
  await using folder = await makeFolder();
  await mkdir(folder.join('videos'));
  await mkdir(folder.join('videos-2'));
  await writeFile(folder.join('videos/a.mp4'), '');
  await writeFile(folder.join('videos-2/b.mp4'), '');
  await symlink(folder.join('videos-2/b.mp4'), folder.join('videos/link.mp4'));
  await symlink(folder.join('videos'), folder.join('other'));
  const roots = await Roots.of([folder.join('other')]);
  expect(await roots.resolve(folder.join('videos/a.mp4'))).toBe(await realpath(folder.join('videos/a.mp4')));
  for (const path of ['videos/link.mp4', 'videos-2/b.mp4', 'videos/../videos-2/b.mp4', 'videos-2/none.mp4']) {
    await expect(roots.resolve(folder.join(path))).rejects.toThrow(/lies outside of the folders/);
  }
  await expect(roots.resolve('videos/a.mp4')).rejects.toThrow(/not an absolute path/);
  await expect(Roots.of([folder.join('none')])).rejects.toThrow(/does not exist/);
});
