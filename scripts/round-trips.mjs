// Streams of clips through every command and back: node scripts/round-trips.mjs [OPTIONS] CLIP...
//
//     --pack NAME       default tessera-nano
//     --qualities LIST  default the ladder of the pack's family
//     --keyint N        frames from one key frame to the next at most; default that of the encoder
//
// For each clip and quality: compress, info, verify, decompress strictly, export and import tokens. Frames, sizes, checksums
// and the imported stream's bytes must agree. Prints what does not; exits with 1 if anything did not. Build first.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { findFamily } from '../dist/src/codec/find-family.js';
import { loadPack } from '../dist/src/exports/codec.js';
import {
  compressVideo,
  decompressVideo,
  exportTokens,
  importTokens,
  inspectStream,
  verifyStream,
} from '../dist/src/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pack: { type: 'string', default: 'tessera-nano' },
    qualities: { type: 'string' },
    keyint: { type: 'string' },
  },
});
const { pack } = values;
const qualities = values.qualities?.split(',').map(Number) ?? findFamily(await loadPack(pack)).quality.ladder;
const keyint = values.keyint === undefined ? {} : { keyint: Number(values.keyint) };
const folder = await mkdtemp(join(tmpdir(), 'tessera-round-trips-'));
const path = (name) => join(folder, name);
const options = { pack, overwrite: true };
let streams = 0;
let wrong = 0;
try {
  for (const clip of positionals) {
    for (const quality of qualities) {
      const found = await roundTrip(clip, quality);
      const failed = Object.keys(found).filter((name) => !found[name]);
      streams++;
      wrong += Number(failed.length > 0);
      if (failed.length > 0) process.stdout.write(`${basename(clip)} at ${quality}: ${failed.join(', ')}\n`);
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
process.stdout.write(`${streams} streams of ${pack}, ${wrong} of them wrong\n`);
process.exitCode = wrong > 0 ? 1 : 0;

async function roundTrip(clip, quality) {
  const stream = path('a.tsr');
  const { frames, bytes, bytesBySection } = await compressVideo(clip, stream, { ...options, ...keyint, quality });
  const { size } = await stat(stream);
  const info = await inspectStream(stream);
  const verified = await verifyStream(stream, { pack });
  const decoded = await decompressVideo(stream, path('a.y4m'), { ...options, strict: true });
  await exportTokens(stream, path('a.npz'), options);
  const imported = await importTokens(path('a.npz'), path('b.tsr'), options);
  return {
    'bytes told': bytes === size && info.bytes === size,
    'bytes of sections': Object.values(bytesBySection).reduce((sum, part) => sum + part, 0) === size,
    verified: verified.isIntact && verified.frames === frames,
    decoded: decoded.frames === frames && decoded.problems.length === 0,
    'imported the same': imported.isSame === true,
  };
}
