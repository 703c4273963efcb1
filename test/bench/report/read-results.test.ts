import { describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseResults, readResults } from '../../../bench/report/read-results.js';
import { InputError } from '../../../src/errors.js';
import { syntheticResults } from '../support/synthetic.js';

const good = syntheticResults({ clips: 1, codecs: 2 });

/** What is said of a file with this text. */
function complaint(text: string): string {
  try {
    parseResults(text, 'r.json');
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as Error;
    expect(message).not.toContain('\n');
    return message;
  }
}

describe('parseResults', () => {
  test('gives back what was written', () => {
    expect(parseResults(JSON.stringify(good), 'r.json')).toEqual(good);
  });

  test.each([
    ['no JSON', '{"format": ', /^r\.json is not JSON: /],
    ['an empty file', '', /^r\.json is not JSON: /],
    ['another file', '{"name": "x"}', /^r\.json is not a results file of tessera bench$/],
    ['a list', '[1]', /^r\.json is not a results file/],
    [
      'another version',
      JSON.stringify({ ...good, version: 2 }),
      /has version 2 of the results format, this tessera reads version 1; run/,
    ],
    [
      'a wrong field',
      JSON.stringify({ ...good, machine: { ...good.machine, cores: 0 } }),
      /^r\.json: machine\.cores: /,
    ],
    ['no clips', JSON.stringify({ ...good, clips: [] }), /^r\.json: clips: /],
    [
      'a job of no clip',
      JSON.stringify({ ...good, jobs: [{ ...good.jobs[0], clip: 'x' }] }),
      /jobs\.0: there is no clip x$/,
    ],
    [
      'a job of no codec',
      JSON.stringify({ ...good, jobs: [{ ...good.jobs[0], codec: 'x' }] }),
      /jobs\.0: there is no codec x$/,
    ],
    [
      'a job twice',
      JSON.stringify({ ...good, jobs: [good.jobs[0], good.jobs[0]] }),
      /jobs\.1: x264:medium 42 on foreman is there twice$/,
    ],
    [
      'a clip twice',
      JSON.stringify({ ...good, clips: [good.clips[0], good.clips[0]] }),
      /two clips have the same name$/,
    ],
  ])('%s', (_, text, message) => {
    expect(complaint(text)).toMatch(message);
  });
});

test('readResults says what cannot be read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-results-'));
  try {
    await expect(readResults(join(folder, 'none.json'))).rejects.toThrow(/none\.json does not exist$/);
    await expect(readResults(folder)).rejects.toThrow(/is a folder; name the results file in it$/);
    await writeFile(join(folder, 'r.json'), JSON.stringify(good));
    expect(await readResults(join(folder, 'r.json'))).toEqual(good);
  } finally {
    await rm(folder, { recursive: true });
  }
});
