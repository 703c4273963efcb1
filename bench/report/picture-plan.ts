import { doneJobs } from '../analysis/curves.js';
import type { DoneJob, Results } from '../results.js';

/** A picture that is worth showing. */
export interface PlannedPicture {
  /** Place of the clip in the run. */
  readonly clip: number;
  /** Place of the codec in the run; null: the original. */
  readonly codec: number | null;
  readonly setting: number | null;
  readonly frame: number;
  /** Path from the folder of the results. */
  readonly file: string;
}

/** Pictures that belong together: one frame of a clip by all codecs near one rate, and the original. */
export interface PictureGroup {
  readonly clip: number;
  /** Bits per pixel. */
  readonly rate: number;
  readonly frame: number;
  readonly pictures: readonly PlannedPicture[];
}

/**
 * Groups of pictures, most wanted first: a middle rate of every clip's first frame, then low and high rates, then other
 * frames, then the remaining rates. The rates are those of the first codec that has pictures, or begin with the rate that
 * the run is about.
 */
export function planPictures(results: Results): PictureGroup[] {
  const perClip = results.clips.map((clip, index) => groupsOfClip(results, index, clip.pictures));
  const wanted = perClip.flat().toSorted((a, b) => a.priority - b.priority || a.group.clip - b.group.clip);
  return wanted.map(({ group }) => group);
}

function groupsOfClip(
  results: Results,
  clip: number,
  originals: DoneJob['pictures'],
): { readonly priority: number; readonly group: PictureGroup }[] {
  const { name } = results.clips[clip]!;
  const jobs = doneJobs(results).filter((job) => job.clip === name && job.pictures.length > 0);
  const rates = ratesByWorth(results, jobs);
  return rates.flatMap((rate, rateRank) =>
    originals.map((original, frameRank) => {
      const nearest = results.codecs.flatMap(({ name: codec }, at): PlannedPicture[] => {
        const job = nearestJob(
          jobs.filter((one) => one.codec === codec),
          rate,
        );
        const picture = job?.pictures.find(({ frame }) => frame === original.frame);
        if (job === undefined || picture === undefined) return [];
        return [{ clip, codec: at, setting: job.setting, frame: picture.frame, file: picture.file }];
      });
      const first: PlannedPicture = { clip, codec: null, setting: null, frame: original.frame, file: original.file };
      const group = { clip, rate, frame: original.frame, pictures: [first, ...nearest] };
      // Three rates before a second frame; then all frames before further rates.
      return { priority: rateRank < 3 ? frameRank * 3 + rateRank : 1000 + rateRank * 100 + frameRank, group };
    }),
  );
}

/** Rates of the first codec that has pictures: the middle one, one of the low, one of the high, then the others. */
function ratesByWorth(results: Results, jobs: readonly DoneJob[]): number[] {
  const codec = results.codecs.find(({ name }) => jobs.some((job) => job.codec === name))?.name;
  const rates = jobs
    .filter((job) => job.codec === codec)
    .map(({ bitsPerPixel }) => bitsPerPixel)
    .sort((a, b) => a - b);
  const { targetBitsPerPixel } = results.settings;
  const at = (share: number): number => rates[Math.round(share * (rates.length - 1))]!;
  const first = rates.length === 0 ? [] : [at(0.5), at(0.2), at(0.8)];
  return [
    ...new Set([
      ...(targetBitsPerPixel === null || rates.length === 0 ? [] : [targetBitsPerPixel]),
      ...first,
      ...rates,
    ]),
  ];
}

/** The job whose rate is nearest in ratio. */
export function nearestJob(jobs: readonly DoneJob[], rate: number): DoneJob | undefined {
  const distance = ({ bitsPerPixel }: DoneJob): number => Math.abs(Math.log(bitsPerPixel / rate));
  return jobs.toSorted((a, b) => distance(a) - distance(b))[0];
}
