import { InputError } from '../../src/errors.js';
import type { Results } from '../results.js';
import { atRateTable, introduction, speedTable, summaryTable } from './markdown.js';

/** A part of the README that is written from a run. */
export interface ReadmeRun {
  /** Path of its results from the package's folder. */
  readonly file: string;
  /** Preset of the run. */
  readonly preset: string;
  /** What the clips are, for people. */
  readonly clips: string;
}

/** The runs with figures in the README: small clips and HD apart. */
export const README_RUNS: readonly ReadmeRun[] = [
  { file: 'bench/results/standard.json', preset: 'standard', clips: 'small clips' },
  { file: 'bench/results/hd.json', preset: 'hd-anchors', clips: 'clips of 720p and 1080p' },
];

const END = '<!-- results: end -->';

function beginOf({ file }: ReadmeRun): string {
  return `<!-- results of ${file}, written by scripts/update-readme-results.mjs: begin -->`;
}

/** Codecs against which the README shows BD-rates, if the run has them. */
const ANCHORS = ['x264:medium', 'x265:medium'];

/** Returns the README's figures of a run as Markdown; without results, a line with the command that makes them. */
export function readmeSection(run: ReadmeRun, results: Results | null): string {
  if (results === null) {
    return `Not measured yet: run \`tessera bench CLIPS --preset ${run.preset}\` on ${run.clips}, and put its \`results.json\` to \`${run.file}\`.`;
  }
  const names = results.codecs.map(({ name }) => name);
  const anchors = ANCHORS.filter((name) => names.includes(name));
  const { targetBitsPerPixel } = results.settings;
  const failed = results.jobs.filter(({ status }) => status === 'failed').length;
  const hasTimes = results.settings.jobs === 1;
  return [
    introduction(results),
    'Rate at equal quality: BD-rate by PCHIP, mean over the clips; below 0 is better.',
    ...(anchors.length === 0 ? names.slice(0, 1) : anchors).map((anchor) => summaryTable(results, anchor)),
    ...(hasTimes ? ['Speed, over all settings and clips, with the start of the codec:', speedTable(results)] : []),
    ...(targetBitsPerPixel === null ? [] : [atRateTable(results, targetBitsPerPixel)]),
    ...(failed === 0 ? [] : [`${failed} of ${results.jobs.length} jobs failed and are missing in all figures.`]),
  ].join('\n\n');
}

/**
 * A README with another text between a run's markers.
 *
 * @throws InputError if the markers are not there once, in their order.
 */
export function replaceSection(readme: string, run: ReadmeRun, section: string): string {
  const begin = beginOf(run);
  const [before, rest, ...more] = readme.split(begin);
  const end = rest?.indexOf(END) ?? -1;
  if (before === undefined || rest === undefined || end < 0 || more.length > 0) {
    throw new InputError(`the README needs the line "${begin}" once, and behind it "${END}"`);
  }
  return `${before}${begin}\n\n${section}\n\n${rest.slice(end)}`;
}
