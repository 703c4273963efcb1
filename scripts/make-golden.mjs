// Writes the golden streams of fixtures/streams/: valid ones with the checksums of their tokens and loop pictures, and
// invalid ones with the error that they must end in. Run it after `npm run build`, and only when the format or the tiny
// pack has changed on purpose: a decoder that gives other checksums for the old files is wrong.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { writeInvalid } from './golden/invalid.mjs';
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

mkdirSync(`${folder}invalid`, { recursive: true });
for (const place of [folder, `${folder}invalid/`]) {
  for (const name of readdirSync(place)) if (/\.(tsr|json)$/.test(name)) rmSync(`${place}${name}`);
}
await writeValid(save);
await writeInvalid((name, bytes, message, field) => {
  save(`invalid/${name}`, bytes, { error: 'BitstreamError', message, ...(field === undefined ? {} : { field }) });
});
if (total >= BYTES_LIMIT) throw new Error(`${total} bytes of streams, allowed are ${BYTES_LIMIT}`);
process.stdout.write(`${total} bytes in all\n`);
