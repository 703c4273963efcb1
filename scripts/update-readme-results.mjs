// Writes the README's figures, small clips and HD apart, from the results in bench/results; build first. With --check
// nothing is written: it fails if the README says anything else.
//
//     node scripts/update-readme-results.mjs [--check]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const readmePath = join(root, 'README.md');

try {
  const { readResults } = await import('../dist/bench/report/read-results.js');
  const { README_RUNS, readmeSection, replaceSection } = await import('../dist/bench/report/readme-section.js');
  const readme = readFileSync(readmePath, 'utf8');
  let written = readme;
  for (const run of README_RUNS) {
    const file = join(root, run.file);
    const results = existsSync(file) ? await readResults(file) : null;
    written = replaceSection(written, run, readmeSection(run, results));
  }
  if (!process.argv.includes('--check')) writeFileSync(readmePath, written);
  else if (written !== readme) throw new Error('README.md differs from the results in bench/results: run this script');
} catch (error) {
  console.error(
    `update-readme-results: ${error.code === 'ERR_MODULE_NOT_FOUND' ? 'run npm run build first' : error.message}`,
  );
  process.exitCode = 1;
}
