import { open, writeFile } from 'node:fs/promises';
import { throwIfCancelled } from '../../src/errors.js';
import { FrameScaler } from '../../src/video/convert/frame-scaler.js';
import type { Frame } from '../../src/video/frame.js';
import { cropPlanar, planarFromFrame } from '../../src/video/planar-buffer.js';
import { describeWriteError } from '../../src/io/temporary-file.js';
import type { ClipPlan } from './clip-plan.js';
import { descriptionFile, type PreparedClip } from './prepared-clip.js';

/** A prepared clip and the notes of its reader. */
export interface Preparation {
  readonly clip: PreparedClip;
  /** Conversions and losses, one line each. */
  readonly notes: readonly string[];
}

/**
 * Reads the frames of a clip, cuts or scales them, and writes them into a file.
 *
 * @throws InputError if the clip is damaged; EnvironmentError if the file cannot be written; CancelledError.
 */
export async function prepareClip(plan: ClipPlan, framesFile: string, signal?: AbortSignal): Promise<Preparation> {
  const { name, properties, source, limits } = plan;
  const { width, height, colour } = properties;
  await using video = await plan.open();
  using scaler = limits.size === null ? null : new FrameScaler(width, height, colour.fullRange);
  const times: [string, string][] = [];
  const writing = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw describeWriteError(error, framesFile);
    });
  const handle = await writing(open(framesFile, 'w'));
  try {
    for await (const frame of video.frames({ signal })) {
      throwIfCancelled(signal);
      const planes = scaler === null ? cut(frame, width, height) : planarFromFrame(await scaler.scale(frame));
      await writing(handle.writeFile(planes));
      times.push([String(frame.pts), String(frame.duration)]);
      if (times.length === limits.frames) break;
    }
  } finally {
    await handle.close();
  }
  const clip: PreparedClip = { name, properties, source, framesFile, times };
  await writing(writeFile(descriptionFile(framesFile), JSON.stringify(clip)));
  return { clip, notes: [...video.notes, ...plan.changes, ...timeNotes(clip)] };
}

function cut(frame: Frame, width: number, height: number): Uint8Array {
  const cropping = { top: 0, left: 0, right: frame.width - width, bottom: frame.height - height };
  return cropPlanar(planarFromFrame(frame), frame.width, frame.height, cropping);
}

/** Says so where frames do not last equally long: encoders of FFmpeg see a steady rate. */
function timeNotes({ times }: PreparedClip): string[] {
  const durations = times.slice(0, -1).map(([, duration]) => Number(duration));
  if (durations.length === 0) return [];
  // Containers round to their ticks.
  const isSteady = Math.max(...durations) - Math.min(...durations) <= 1;
  return isSteady ? [] : ['its frame rate varies: encoders of FFmpeg see its frames at the mean rate'];
}
