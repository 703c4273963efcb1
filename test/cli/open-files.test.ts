import { describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { EnvironmentError, InputError } from '../../src/errors.js';
import { describeTooManyFiles } from '../../src/io/open-files.js';
import { throwIfInputFails } from '../../src/video/libav.js';
import { failureOf } from '../video/helpers.js';
import { clip, Folder, PROGRAM, TINY_PACK } from './helpers.js';

const REMEDY = /^too many files are open: .*; allow more with: ulimit -n 1024$/;

describe('describeTooManyFiles', () => {
  test.each([
    new Error("EMFILE: too many open files, open '/a.js'"),
    new InputError('cannot read the picture a.png', { cause: new Error('EMFILE: too many open files') }),
    new Error('libonnxruntime.so.1: cannot open shared object file: Too many open files'),
  ])('%s', (error) => {
    const described = describeTooManyFiles(error);
    expect(described).toBeInstanceOf(EnvironmentError);
    expect(described?.message).toMatch(REMEDY);
    expect(described?.cause).toBe(error);
  });

  test('lets all else be', () => {
    expect(describeTooManyFiles(new Error('ENOENT: no such file or directory'))).toBeNull();
    expect(describeTooManyFiles('EMFILE')).toBeNull();
  });

  test("FFmpeg's code for it", async () => {
    const failure = await failureOf(Promise.resolve().then(() => throwIfInputFails(-24, 'cannot open a.mp4')));
    expect(failure).toBeInstanceOf(EnvironmentError);
    expect(failure.message).toMatch(REMEDY);
  });
});

// Windows has no such limit.
(process.platform === 'win32' ? test.skip : test)('a process that may open few files works, or says so', async () => {
  await using out = await Folder.create();
  for (const limit of [64, 80, 96]) {
    const command = `'${process.execPath}' '${PROGRAM}' compress '${clip('one-frame.mp4')}' '${out.join('a.tsr')}'`;
    const shell = `ulimit -n ${limit}; ${command} -y --pack '${TINY_PACK}'`;
    const { exitCode, stderr } = await execa('bash', ['-c', shell], { reject: false });
    if (exitCode === 0) continue;
    expect({ exitCode, stderr }).toEqual({ exitCode: 6, stderr: expect.stringMatching(/^tessera: too many files/) });
    expect(await out.list()).toEqual([]);
  }
});
