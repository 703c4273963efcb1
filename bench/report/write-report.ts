import { throwIfCancelled } from '../../src/errors.js';
import type { Results } from '../results.js';
import { toCsv } from './csv.js';
import { drawPlot } from './draw-plot.js';
import { embedPictures } from './embed-pictures.js';
import { toMarkdown } from './markdown.js';
import { pageData, toEmbeddedJson } from './page-data.js';
import { fillPage } from './page-template.js';
import { plotsOf } from './plots.js';
import { stageFiles, type ReportFile } from './stage-files.js';

/** Options of {@link writeReport}. */
export interface ReportOptions {
  /** Folder from which the results name their pictures. */
  readonly resultsFolder: string;
  /** Bytes of pictures in the page at most; 0: none, then they need not be there. Default: 24 million. */
  readonly pictureBudget?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes everything that can be made of a run's results: `report.html`, `results.csv`, `tables.md` and `plots/*.svg` and
 * `*.png`. Reports of the same names are replaced, all at once, when all of them are complete.
 *
 * @returns paths of the files.
 * @throws InputError if a picture is missing; InputError or EnvironmentError if the folder cannot be written;
 * EnvironmentError if the package was not built; CancelledError. Nothing is written then.
 */
export async function writeReport(results: Results, folder: string, options: ReportOptions): Promise<string[]> {
  const { signal } = options;
  const files: ReportFile[] = [
    { path: 'report.html', content: await makePage(results, options) },
    { path: 'results.csv', content: toCsv(results) },
    { path: 'tables.md', content: toMarkdown(results) },
  ];
  for (const { name, spec } of plotsOf(results)) {
    throwIfCancelled(signal);
    const { svg, png } = await drawPlot(spec);
    files.push({ path: `plots/${name}.svg`, content: svg }, { path: `plots/${name}.png`, content: png });
  }
  return await stageFiles(folder, files, signal);
}

/**
 * The page of a run as one HTML text.
 *
 * @throws InputError if a picture is missing; EnvironmentError if the package was not built; CancelledError.
 */
export async function makePage(results: Results, options: ReportOptions): Promise<string> {
  const { resultsFolder, pictureBudget, signal } = options;
  const pictures = await embedPictures(results, {
    folder: resultsFolder,
    signal,
    ...(pictureBudget === undefined ? {} : { budget: pictureBudget }),
  });
  return await fillPage(toEmbeddedJson(pageData(results, pictures)));
}
