// Clips and streams in memory, for scripts that measure; build first.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { encoderHeader } from '../dist/src/pipeline/encoder-header.js';
import { Encoder } from '../dist/src/exports/codec.js';
import { openVideo } from '../dist/src/index.js';
import { formatY4mFrame, formatY4mHeader } from '../dist/src/video/y4m-header.js';

/** The frames of a video, at most `limit`, and what they have in common. */
export async function readClip(path, limit = Infinity) {
  const opened = await openVideo(path);
  const frames = [];
  for await (const frame of opened.frames()) if (frames.push(frame) >= limit) break;
  const { properties } = opened;
  await opened[Symbol.asyncDispose]();
  return { frames, properties };
}

/** The frames back and forth until there are `count`, all with the duration of the first. */
export function* backAndForth(frames, count) {
  const period = Math.max(1, 2 * frames.length - 2);
  const { duration } = frames[0];
  for (let at = 0; at < count; at++) {
    const place = at % period;
    yield { ...frames[place < frames.length ? place : period - place], pts: BigInt(at) * duration, duration };
  }
}

/** Writes frames as y4m. */
export async function writeY4m(path, properties, frames) {
  const file = createWriteStream(path);
  file.write(Buffer.from(formatY4mHeader(properties), 'latin1'));
  for (const frame of frames) if (!file.write(formatY4mFrame(frame, properties))) await once(file, 'drain');
  file.end();
  await once(file, 'finish');
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
