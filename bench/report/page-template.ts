import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError } from '../../src/errors.js';
import { packageFolder } from '../../src/platform/node/package-folder.js';

/** The placeholder for the data in the template. */
const DATA_MARK = '/*DATA*/';

/**
 * The page with its data: one HTML file that needs nothing else. Its template, with styles and scripts inlined, is made by
 * the build.
 *
 * @param json of the data, fit for a `script` element.
 * @throws EnvironmentError if the package was not built.
 */
export async function fillPage(json: string): Promise<string> {
  const path = join(packageFolder() ?? '.', 'dist/bench/report/page.html');
  const template = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new EnvironmentError(`the page of reports is not built: ${path} is missing; run npm run build`, {
      cause: error,
    });
  });
  const [before, after] = template.split(DATA_MARK) as [string, string];
  return before + json + after;
}
