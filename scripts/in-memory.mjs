// Clips and streams in memory, for scripts that measure; build first.
import { encoderHeader } from '../dist/src/pipeline/encoder-header.js';
import { Encoder } from '../dist/src/exports/codec.js';
import { openVideo } from '../dist/src/index.js';

/** The frames of a video, at most `limit`, and what they have in common. */
export async function readClip(path, limit = Infinity) {
  const opened = await openVideo(path);
  const frames = [];
  for await (const frame of opened.frames()) if (frames.push(frame) >= limit) break;
  const { properties } = opened;
  await opened[Symbol.asyncDispose]();
  return { frames, properties };
}

/** Packets of frames and the header of their stream; `options` are the encoder's. */
export async function encodeClip({ frames, properties }, options) {
  const encoder = await Encoder.create(properties.width, properties.height, options);
  const packets = [];
  for await (const packet of encoder.encode(frames)) packets.push(packet);
  const header = encoderHeader(encoder, properties);
  await encoder[Symbol.asyncDispose]();
  return { header, packets };
}
