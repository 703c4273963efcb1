import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ModelError } from '../../src/errors.js';
import { parseManifest } from '../../src/model/manifest.js';
import { TINY_PACK } from '../support/packs.js';

const text = readFileSync(`${TINY_PACK}/manifest.json`, 'utf8');

function edited(edit: (manifest: Record<string, never>) => void): string {
  const manifest = JSON.parse(text) as Record<string, never>;
  edit(manifest);
  return JSON.stringify(manifest);
}

describe('parseManifest', () => {
  test('reads the tiny pack', () => {
    const manifest = parseManifest(text, 'manifest.json');
    expect(manifest).toMatchObject({ format: 1, name: 'tiny', licence: 'MIT' });
    expect(manifest.files['prior-first']?.path).toBe('prior-first.onnx');
  });

  test('says that a newer format needs a newer program', () => {
    const newer = JSON.stringify({ format: 2, whatever: [] });
    expect(() => parseManifest(newer, 'p/manifest.json')).toThrow(/p\/manifest\.json: pack format 2 is newer.*update/);
  });

  test.each<[string, string, RegExp]>([
    ['text', 'no json', /is not JSON/],
    ['an empty object', '{}', /format/],
    ['a missing role', edited((m) => delete m['files']!['tables']), /files\.tables/],
    ['a bad hash', edited((m) => Object.assign(m['files']!['tables'], { sha256: 'F00' })), /files\.tables\.sha256/],
    ['a name in capitals', edited((m) => Object.assign(m, { name: 'Tiny' })), /name: must be kebab-case/],
    ['a bad version', edited((m) => Object.assign(m, { version: '1.0' })), /version/],
    [
      'a file of another family',
      edited((m) => Object.assign(m['files']!, { prior: m['files']!['prior-first'] })),
      /files\.prior is there/,
    ],
    ['a missing default', edited((m) => delete m['files']!['post-filter-psnr']), /defaultPostFilter psnr/],
  ])('refuses %s', (_, manifest, message) => {
    expect(() => parseManifest(manifest, 'manifest.json')).toThrow(ModelError);
    expect(() => parseManifest(manifest, 'manifest.json')).toThrow(message);
  });

  test.each(['../x', '/x', 'a/../b', 'a//b', '.hidden', 'a\\b', ''])('refuses the path %j', (path) => {
    const manifest = edited((m) => Object.assign(m['files']!['tables'], { path }));
    expect(() => parseManifest(manifest, 'manifest.json')).toThrow(/files\.tables\.path: must be a relative path/);
  });
});
