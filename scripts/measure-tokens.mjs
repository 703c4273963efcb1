// What a lookup-free pack's tokens cost and are worth: node scripts/measure-tokens.mjs [OPTIONS] CLIP...
//
//     --pack NAME       default lookup-free
//     --qualities LIST  channels in use; default 6,10,14,18
//     --keyint N        frames of a chunk at most; default 17
//     --frames N        of each clip at most; default all
//
// For each quality, over all clips: coded bits of raw bits (tokens alone; the whole stream, containers included), entropy of
// the channels over all clips, PSNR-Y, and the seams: how far the first picture of a chunk is from the one before it and from
// the one behind it; where no chunk begins, every 17th picture, which the tokenizer's state is carried across. Build first.
import { Buffer } from 'node:buffer';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { formatTable } from '../dist/src/cli/table.js';
import { Decoder } from '../dist/src/exports/codec.js';
import { computePsnr } from '../dist/src/exports/metrics.js';
import { StreamWriter } from '../dist/src/exports/stream.js';
import { readTokens } from '../dist/src/index.js';
import { encodeClip, readClip } from './in-memory.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pack: { type: 'string', default: 'lookup-free' },
    qualities: { type: 'string', default: '6,10,14,18' },
    keyint: { type: 'string', default: '17' },
    frames: { type: 'string', default: 'Infinity' },
  },
});
/** Frames that the tokenizer was first unrolled over. */
const TRAINED = 17;
const { pack } = values;
const keyint = Number(values.keyint);

const videos = [];
for (const path of positionals) {
  videos.push({ name: basename(path), ...(await readClip(path, Number(values.frames))) });
}
const rows = [];
for (const quality of values.qualities.split(',').map(Number)) {
  const found = [];
  for (const video of videos) found.push(await measure(video, quality));
  const sum = (name) => found.reduce((total, clip) => total + clip[name], 0);
  const entropies = found[0].positive.map((_, channel) =>
    entropy(found.reduce((total, { positive }) => total + positive[channel], 0) / sum('cells')),
  );
  rows.push([
    String(quality),
    (sum('tokenBits') / sum('rawBits')).toFixed(3),
    (sum('streamBits') / sum('rawBits')).toFixed(3),
    `${Math.min(...entropies).toFixed(3)}, ${mean(entropies).toFixed(3)}`,
    mean(found.map(({ psnr }) => mean(psnr))).toFixed(2),
    distance(found.flatMap(({ seams }) => seams.map(([before]) => before))),
    distance(found.flatMap(({ seams }) => seams.map(([, behind]) => behind))),
  ]);
  for (const { name, psnr, tokenBits, rawBits } of found) {
    process.stderr.write(
      `${quality} ${name}: ${mean(psnr).toFixed(2)} dB, ${(tokenBits / rawBits).toFixed(3)} of raw bits\n`,
    );
  }
}
const columns = ['bits per cell', 'coded of raw', 'whole stream', 'entropy (least, mean)', 'PSNR-Y'];
const seams = ['seam: first - before, dB (mean, mean distance)', 'first - behind'];
process.stdout.write(`${formatTable([...columns, ...seams], rows)}\n`);

async function measure({ name, ...clip }, quality) {
  const stream = await encodeClip(clip, { pack, quality, keyint });
  const bytes = await write(stream);
  const psnr = [];
  const decoder = await Decoder.create(stream.header, { pack, strict: true });
  for await (const frame of decoder.decode(stream.packets)) psnr.push(computePsnr(clip.frames[psnr.length], frame).y);
  await decoder[Symbol.asyncDispose]();
  const tokens = await readTokens(inOnePiece(bytes), { pack });
  const positive = Array.from({ length: quality }, () => 0);
  let cells = 0;
  for await (const item of tokens.items) {
    if (item.type !== 'frame') continue;
    for (const ids of Object.values(item.arrays ?? {})) {
      cells += ids.length;
      for (let channel = 0; channel < quality; channel++) {
        for (const id of ids) positive[channel] += (id >>> channel) & 1;
      }
    }
  }
  await tokens[Symbol.asyncDispose]();
  const isSeam = (index) => stream.packets[index].kind === 'key' || (keyint > TRAINED && index % TRAINED === 0);
  const seams = stream.packets.flatMap((_, index) =>
    isSeam(index) && index > 0 && index + 1 < psnr.length
      ? [[psnr[index] - psnr[index - 1], psnr[index] - psnr[index + 1]]]
      : [],
  );
  const tokenBits = stream.packets.reduce((total, packet) => total + 8 * packet.tokens.length, 0);
  return {
    name,
    psnr,
    seams,
    positive,
    cells,
    tokenBits,
    rawBits: cells * quality,
    streamBits: 8 * bytes.length,
  };
}

/** The bytes of a stream. */
async function write({ header, packets }) {
  const chunks = [];
  const writer = new StreamWriter({ write: async (bytes) => void chunks.push(bytes.slice()) });
  await writer.writeHeader(header);
  for (const packet of packets) await writer.writePacket(packet);
  await writer.finish();
  return Buffer.concat(chunks);
}

function mean(list) {
  return list.reduce((sum, value) => sum + value, 0) / list.length;
}

function entropy(share) {
  const part = (p) => (p === 0 ? 0 : -p * Math.log2(p));
  return part(share) + part(1 - share);
}

/** Mean of differences, mean of their magnitudes. */
function distance(differences) {
  const size = mean(differences.map(Math.abs));
  return `${mean(differences).toFixed(2)} (${size.toFixed(2)}), ${differences.length} seams`;
}

async function* inOnePiece(bytes) {
  yield bytes;
}
