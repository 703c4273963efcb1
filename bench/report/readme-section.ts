import { InputError } from '../../src/errors.js';
import type { Results } from '../results.js';
import { atRateTable, introduction, speedTable, summaryTable } from './markdown.js';

const BEGIN = '<!-- results of bench/results/standard.json, written by scripts/update-readme-results.mjs: begin -->';
const END = '<!-- results: end -->';

/** Codecs against which the README shows BD-rates, if the run has them. */
const ANCHORS = ['x264:medium', 'x265:medium'];

/** The README's figures of a run, as Markdown. */
export function readmeSection(results: Results): string {
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
 * A README with another text between its markers.
 *
 * @throws InputError if the markers are not there once each, in their order.
 */
export function replaceSection(readme: string, section: string): string {
  const [before, middle, ...more] = readme.split(BEGIN);
  const [, after, ...evenMore] = middle?.split(END) ?? [];
  if (before === undefined || after === undefined || more.length > 0 || evenMore.length > 0) {
    throw new InputError(`the README needs the lines "${BEGIN}" and "${END}" once each`);
  }
  return `${before}${BEGIN}\n\n${section}\n\n${END}${after}`;
}
