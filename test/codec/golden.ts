import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../fixtures/streams/', import.meta.url));

/** A stream of `fixtures/streams/` and what stands beside it. */
export interface Golden<Expected> {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly expected: Expected;
}

function readGolden<Expected>(place: string): Golden<Expected>[] {
  return readdirSync(place)
    .filter((file) => file.endsWith('.tsr'))
    .sort()
    .map((file) => ({
      name: file.replace(/\.tsr$/, ''),
      bytes: new Uint8Array(readFileSync(`${place}${file}`)),
      expected: JSON.parse(readFileSync(`${place}${file.replace(/\.tsr$/, '.json')}`, 'utf8')) as Expected,
    }));
}

export function goldenStreams(): Golden<{ packets: { tokensCrc32c: number; loopCrc32c: number }[] }>[] {
  return readGolden(folder);
}

export function invalidStreams(): Golden<{ error: string; message: string; field?: string }>[] {
  return readGolden(`${folder}invalid/`);
}

export function lookupFreeStreams(): Golden<{ packets: { tokensCrc32c: number }[] }>[] {
  return readGolden(`${folder}lookup-free/`);
}

export function invalidLookupFreeStreams(): Golden<{ error: string; message: string; field: string }>[] {
  return readGolden(`${folder}lookup-free/invalid/`);
}
