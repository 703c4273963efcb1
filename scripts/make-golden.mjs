// Writes the golden streams of fixtures/streams/: valid ones with the checksums of their tokens and loop pictures, and
// invalid ones with the error that they must end in. Run it after `npm run build`, and only when the format or a tiny
// pack has changed on purpose: a decoder that gives other checksums for the old files is wrong.
//
//   node scripts/make-golden.mjs [transform|lookup-free]     one family's alone, or those of both
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { writeInvalid } from './golden/invalid.mjs';
import { writeLookupFree } from './golden/lookup-free.mjs';
import { folder } from './golden/streams.mjs';
import { writeValid } from './golden/valid.mjs';

const BYTES_LIMIT = 300_000;
let total = 0;

function save(name, bytes, expected) {
  writeFileSync(`${folder}${name}.tsr`, bytes);
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify(expected, null, 1)}\n`);
  total += bytes.length;
  process.stdout.write(`${name}: ${bytes.length} bytes\n`);
}

function empty(place) {
  mkdirSync(place, { recursive: true });
  for (const name of readdirSync(place)) if (/\.(tsr|json)$/.test(name)) rmSync(`${place}${name}`);
}

const [family] = process.argv.slice(2);
if (family !== 'lookup-free') {
  empty(folder);
  empty(`${folder}invalid/`);
  await writeValid(save);
  await writeInvalid((name, bytes, message, field) => {
    save(`invalid/${name}`, bytes, { error: 'BitstreamError', message, ...(field === undefined ? {} : { field }) });
  });
}
if (family !== 'transform') {
  empty(`${folder}lookup-free/`);
  empty(`${folder}lookup-free/invalid/`);
  await writeLookupFree(save);
}
if (total >= BYTES_LIMIT) throw new Error(`${total} bytes of streams, allowed are ${BYTES_LIMIT}`);
process.stdout.write(`${total} bytes in all\n`);
