// Valid golden streams.
import { TextEncoder } from 'node:util';
import { codingStructure } from '../../dist/src/codec/transform/encoder/coding-structure.js';
import { SequenceEncoder } from '../../dist/src/codec/transform/encoder/sequence-encoder.js';
import { Geometry } from '../../dist/src/codec/transform/frame-tokens.js';
import { TemporalMotion } from '../../dist/src/codec/transform/temporal-motion.js';
import { Kernels } from '../../dist/src/kernels/kernels.js';
import { openMediaFile } from '../../dist/src/video/in/media-file.js';
import { drawTokens, interHead, keyHead } from './drawn-tokens.mjs';
import { chance, container, fixtures, header, loopFilter, packFrames, tables } from './streams.mjs';

/** A texture that pans by 1.5 and -0.75 samples per frame, with a bright square that goes the other way. */
function pan(width, height, time) {
  const plane = (w, h, scale, gain) =>
    Uint8Array.from({ length: w * h }, (_, i) => {
      const [x, y] = [(i % w) * scale + 1.5 * time, Math.floor(i / w) * scale - 0.75 * time];
      const isInside = Math.abs((i % w) * scale - width / 2 - 2 * time) < 9 && Math.abs(y - height / 2) < 11;
      const texture = 60 * Math.sin(x / 5) * Math.cos(y / 7) + ((((x >> 1) * 7 + (y >> 1) * 13) % 17) - 8);
      return Math.max(0, Math.min(255, Math.round(128 + gain * (isInside ? 90 + (i % 3) : texture))));
    });
  return {
    y: plane(width, height, 1, 1),
    u: plane((width + 1) >> 1, (height + 1) >> 1, 2, 0.4),
    v: plane((width + 1) >> 1, (height + 1) >> 1, 2, -0.3),
  };
}

/** Slow gradients that drift by 0.75 and 0.5 samples per frame, with a little square of detail: large blocks. */
function calm(width, height, time) {
  const plane = (w, h, scale, gain) =>
    Uint8Array.from({ length: w * h }, (_, i) => {
      const [x, y] = [(i % w) * scale + 0.75 * time, Math.floor(i / w) * scale + 0.5 * time];
      const isInside = Math.abs(x - width / 2) < 10 && Math.abs(y - height / 2) < 10;
      const value = 70 * Math.sin(x / 40 + y / 70) + 30 * Math.cos(y / 33) + (isInside ? 40 * Math.sin(x * y) : 0);
      return Math.max(0, Math.min(255, Math.round(128 + gain * value)));
    });
  return {
    y: plane(width, height, 1, 1),
    u: plane((width + 1) >> 1, (height + 1) >> 1, 2, 0.4),
    v: plane((width + 1) >> 1, (height + 1) >> 1, 2, -0.3),
  };
}

async function encodeClip(save, name, width, height, pictures, options, { side = [], times = [] } = {}) {
  const geometry = new Geometry(width, height);
  const encoder = new SequenceEncoder(new Kernels(), geometry, tables, loopFilter, { tune: 'psnr', ...options });
  for (const [index, picture] of pictures.entries()) encoder.push({ ...picture, pts: BigInt(times[index] ?? index) });
  const frames = [];
  while (encoder.isReady(true)) {
    const { header: head, tokens } = await encoder.next();
    frames.push({ head, tokens, hasChecksum: frames.length % 3 === 0 });
  }
  const { isResilient = false } = options;
  const { packets, sums } = await packFrames(geometry, frames, isResilient);
  const { slotCount, reorderDepth } = codingStructure(geometry, options.keyint);
  const head = header(width, height, { slotCount, reorderDepth, isResilient });
  save(name, await container(head, packets, side), { packets: sums });
}

const clip = (width, height, count) => Array.from({ length: count }, (_, time) => pan(width, height, time));

async function firstFrames(path, count) {
  const video = await openMediaFile(`${fixtures}clips/${path}`);
  const frames = [];
  try {
    for await (const frame of video.frames()) {
      frames.push(frame);
      if (frames.length === count) break;
    }
  } finally {
    await video[Symbol.asyncDispose]();
  }
  return { frames, width: video.properties.width, height: video.properties.height };
}

async function drawClip(save, name, width, height, heads, seed, { isDense = false, times = [], ...more } = {}) {
  const geometry = new Geometry(width, height);
  const random = chance(seed);
  const temporal = new TemporalMotion();
  const frames = heads.map((untimed, index) => {
    const head = { ...untimed, pts: BigInt(times[index] ?? index) };
    return { head, tokens: drawTokens(geometry, head, random, temporal, isDense) };
  });
  const { packets, sums } = await packFrames(geometry, frames);
  save(name, await container(header(width, height, more), packets), { packets: sums });
  return packets;
}

/** Writes all valid streams with `save(name, bytes, expected)`. */
export async function writeValid(save) {
  const encode = (...args) => encodeClip(save, ...args);
  const byHand = (...args) => drawClip(save, ...args);
  await encode('key-only', 48, 48, clip(48, 48, 3), { quality: 30, keyint: 1 });
  await encode('inter', 96, 80, clip(96, 80, 7), { quality: 28, keyint: 5 });
  await encode('odd-size', 53, 37, clip(53, 37, 4), { quality: 36, keyint: 250 });
  await encode('low-q', 128, 96, clip(128, 96, 4), { quality: 3, keyint: 250 });
  await encode('high-q', 64, 48, clip(64, 48, 3), { quality: 63, keyint: 250 });
  await encode('one-sample', 1, 1, clip(1, 1, 3), { quality: 40, keyint: 2 });
  await encode('narrow', 2, 150, clip(2, 150, 3), { quality: 30, keyint: 250 });
  const still = pan(80, 64, 0);
  await encode('still', 80, 64, [still, still, still, still], { quality: 25, keyint: 250 });
  const side = [Uint8Array.from({ length: 300 }, (_, i) => i & 255), new TextEncoder().encode('P and S and I and E')];
  await encode('side', 32, 32, clip(32, 32, 2), { quality: 20, keyint: 250 }, { side });
  const drift = Array.from({ length: 4 }, (_, time) => calm(136, 80, time));
  await encode('calm', 136, 80, drift, { quality: 26, keyint: 250 });
  const film = await firstFrames('odd-101x67.webm', 6);
  await encode('film', film.width, film.height, film.frames, { quality: 22, keyint: 250 });

  const two = { ...interHead, referenceSlot1: 1 };
  const slots = { slotCount: 4 };
  await byHand(
    'two-references',
    70,
    40,
    [keyHead, { ...interHead, refreshSlot: 1 }, two, { ...two, refreshSlot: 2 }],
    1,
    slots,
  );
  const average = [
    { ...keyHead, refreshSlot: 3, variant: 1 },
    { ...interHead, referenceSlot0: 3, refreshSlot: 1, variant: 1 },
    { ...two, referenceSlot0: 1, referenceSlot1: 3, refreshSlot: null, variant: 1 },
    { ...two, referenceSlot0: 3, referenceSlot1: 3, refreshSlot: 1, q: 50 },
    { ...two, referenceSlot0: 1, referenceSlot1: 3, refreshSlot: 0, q: 8, variant: 1 },
  ];
  await byHand('average', 40, 56, average, 2, slots);
  const offsets = { hasQOffsets: true, hasLoopFilter: true };
  const regions = [
    { ...keyHead, ...offsets },
    { ...interHead, ...offsets, q: 2 },
    { ...interHead, ...offsets, q: 61 },
  ];
  await byHand('q-offsets', 150, 90, regions, 3);
  await byHand(
    'dense',
    33,
    20,
    [
      { ...keyHead, q: 63 },
      { ...interHead, q: 0 },
      { ...interHead, q: 63 },
    ],
    4,
    {
      isDense: true,
    },
  );
  const reordered = [
    keyHead,
    { ...interHead, refreshSlot: 1 },
    { ...two, refreshSlot: null },
    { ...keyHead, refreshSlot: 1 },
  ];
  await byHand('reordered', 24, 24, reordered, 5, { slotCount: 2, reorderDepth: 1, times: [0, 2, 1, 3] });

  // Blocks of all sizes, with all that they may have.
  const large = [
    { ...keyHead, ...offsets },
    { ...interHead, ...offsets, refreshSlot: 1, q: 44, variant: 1 },
    { ...two, ...offsets, refreshSlot: 2, q: 12 },
    { ...two, ...offsets, referenceSlot0: 2, refreshSlot: null, variant: 1 },
  ];
  await byHand('large-blocks', 150, 132, large, 8, { slotCount: 3, times: [0, 4, 2, 3] });
  await byHand('large-dense', 64, 64, [{ ...keyHead, q: 63 }, interHead, { ...interHead, q: 0 }], 32, {
    isDense: true,
  });

  // Temporal motion over distances of all kinds: uneven, backwards, none, beyond the limit of the scale.
  const pyramid = [
    keyHead,
    { ...interHead, refreshSlot: 1 },
    { ...two, refreshSlot: 2 },
    { ...two, referenceSlot1: 2, refreshSlot: 3 },
    { ...two, referenceSlot0: 2, referenceSlot1: 1, refreshSlot: null },
    { ...interHead, referenceSlot0: 3, refreshSlot: 0 },
    { ...two, referenceSlot0: 1, referenceSlot1: 0, refreshSlot: 2 },
    { ...two, referenceSlot0: 2, referenceSlot1: 3, refreshSlot: 1 },
    { ...interHead, referenceSlot0: 1, refreshSlot: null },
    { ...two, referenceSlot0: 1, referenceSlot1: 2, refreshSlot: 1 },
    { ...two, referenceSlot0: 0, referenceSlot1: 1, refreshSlot: null },
  ];
  const times = [-7, 20, 3, -4, 11, 11, 11, 60, 61, 5000, -100000];
  await byHand('pyramid', 100, 44, pyramid, 6, { slotCount: 4, reorderDepth: 3, times });
  const moving = clip(64, 48, 14);
  const uneven = [0, 4, 5, 11, 12, 13, 20, 31, 32, 36, 37, 50, 58, 59];
  const quality = { quality: 24, keyint: 250 };
  await encode('variable-rate', 64, 48, moving, quality, { times: uneven });
  await encode('resilient', 64, 48, clip(64, 48, 19), { quality: 24, keyint: 18, isResilient: true });
}
