import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../src/errors.js';
import { explainUnavailable, isTemporalMetric, METRICS, type MetricName } from '../src/metrics/measures.js';
import { findStillBlocks } from '../src/metrics/flicker.js';
import type { Frame } from '../src/video/frame.js';
import { writeFrameWebp } from '../src/video/in/images.js';
import { describeWriteError } from '../src/io/temporary-file.js';
import type { ClipPlan } from './clips/clip-plan.js';
import { prepareClip } from './clips/prepare-clip.js';
import { clipSeconds, toCodecClip, type PreparedClip } from './clips/prepared-clip.js';
import type { Journal } from './journal.js';
import { JobFailure } from './jobs/run-stage-process.js';
import { pickFrames, picturePath } from './pictures.js';
import type { BenchClip } from './results.js';

/** A prepared clip, with the data that jobs need. */
export interface ReadyClip {
  readonly clip: PreparedClip;
  readonly seconds: number;
  /** The metrics that can be measured of pictures of this size. */
  readonly metrics: readonly MetricName[];
}

/** The options of a {@link ClipStore}. */
export interface ClipStoreOptions {
  /** Folder of the results. */
  readonly folder: string;
  /** Folder for frames, within that of the results. */
  readonly workFolder: string;
  readonly metrics: readonly MetricName[];
  readonly pictures: number;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  readonly onNote: (note: string) => void;
}

/** Reads each clip when its first job comes and lets go of its frames after the last one. */
export class ClipStore {
  readonly #options: ClipStoreOptions;
  readonly #ready = new Map<string, Promise<ReadyClip>>();
  /** Jobs that still want a clip, by its name. */
  readonly #wanted = new Map<string, number>();

  constructor(options: ClipStoreOptions, jobs: readonly { readonly clip: ClipPlan }[]) {
    this.#options = options;
    for (const { clip } of jobs) this.#wanted.set(clip.name, (this.#wanted.get(clip.name) ?? 0) + 1);
  }

  /**
   * The clip, read once.
   *
   * @throws JobFailure if it cannot be read; EnvironmentError if its frames cannot be kept; CancelledError.
   */
  take(plan: ClipPlan): Promise<ReadyClip> {
    const ready = this.#ready.get(plan.name) ?? this.#prepare(plan);
    this.#ready.set(plan.name, ready);
    return ready;
  }

  /** A job is done with the clip. */
  async letGo(plan: ClipPlan): Promise<void> {
    const left = (this.#wanted.get(plan.name) ?? 1) - 1;
    this.#wanted.set(plan.name, left);
    if (left > 0) return;
    this.#ready.delete(plan.name);
    await rm(this.#folderOf(plan), { recursive: true, force: true });
  }

  #folderOf(plan: ClipPlan): string {
    return join(this.#options.workFolder, encodeURIComponent(plan.name));
  }

  async #prepare(plan: ClipPlan): Promise<ReadyClip> {
    const { metrics, journal, signal, onNote } = this.#options;
    const folder = this.#folderOf(plan);
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw describeWriteError(error, folder);
    });
    try {
      const { clip, notes } = await prepareClip(plan, join(folder, 'frames.yuv'), signal);
      const measurable: MetricName[] = [];
      const missing: string[] = [];
      for (const name of metrics) {
        const reason = await explainUnavailable(name, plan.properties);
        if (reason === null) measurable.push(name);
        else missing.push(reason);
        if (reason === null && clip.times.length === 1 && isTemporalMetric(name)) {
          missing.push(`${METRICS[name].title} needs two frames, this clip has one`);
        } else if (reason === null && name === 'flicker') missing.push(...(await stillnessNotes(clip)));
      }
      if (journal.clip(plan.name) === undefined) {
        for (const note of [...notes, ...missing]) onNote(`${plan.name}: ${note}`);
        await journal.addClip({
          ...describe(plan, [...notes, ...missing]),
          frames: clip.times.length,
          pictures: await this.#keepPictures(clip),
        });
      }
      return { clip, seconds: clipSeconds(clip), metrics: measurable };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      if (journal.clip(plan.name) === undefined) {
        await journal.addClip({ ...describe(plan, [error.message]), frames: 0, pictures: [] });
      }
      throw new JobFailure(`the clip cannot be read: ${error.message}`);
    }
  }

  async #keepPictures(prepared: PreparedClip): Promise<BenchClip['pictures']> {
    const { folder, pictures } = this.#options;
    const clip = toCodecClip(prepared);
    const wanted = new Set(pickFrames(clip.frameCount, pictures));
    const kept: BenchClip['pictures'] = [];
    let index = 0;
    for await (const frame of clip.frames()) {
      if (wanted.has(index)) {
        const file = await picturePath(folder, [clip.name, 'original'], index);
        await writeFrameWebp(join(folder, file), frame, clip.properties.colour);
        kept.push({ frame: index, file });
      }
      index++;
    }
    return kept;
  }
}

/** Returns a note if a clip has frames without still regions: they have no flicker. */
async function stillnessNotes(prepared: PreparedClip): Promise<string[]> {
  const { title } = METRICS.flicker;
  const changes = prepared.times.length - 1;
  let still = 0;
  let before: Frame | null = null;
  for await (const frame of toCodecClip(prepared).frames()) {
    const copy = { ...frame, y: frame.y.slice() };
    if (before !== null && findStillBlocks(before, copy) !== null) still++;
    before = copy;
  }
  if (still === changes) return [];
  if (still === 0) return [`${title} needs still regions, this clip has none`];
  return [`${title} is measured on ${still} of ${changes} frame changes, the others have no still regions`];
}

function describe(
  { name, file, sha256, properties }: ClipPlan,
  notes: string[],
): Omit<BenchClip, 'frames' | 'pictures'> {
  const { width, height, frameRate, colour } = properties;
  return { ...{ name, file, sha256, width, height, notes }, frameRate: { ...frameRate }, colour: { ...colour } };
}
