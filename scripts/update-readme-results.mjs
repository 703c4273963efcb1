// Writes the README's figures from the standard run's results; build first. With --check nothing is written: it fails if
// the README says anything else.
//
//     node scripts/update-readme-results.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const readmePath = join(root, 'README.md');

try {
  const { readResults } = await import('../dist/bench/report/read-results.js');
  const { readmeSection, replaceSection } = await import('../dist/bench/report/readme-section.js');
  const readme = readFileSync(readmePath, 'utf8');
  const written = replaceSection(readme, readmeSection(await readResults(join(root, 'bench/results/standard.json'))));
  if (!process.argv.includes('--check')) writeFileSync(readmePath, written);
  else if (written !== readme) throw new Error('README.md differs from bench/results/standard.json: run this script');
} catch (error) {
  console.error(
    `update-readme-results: ${error.code === 'ERR_MODULE_NOT_FOUND' ? 'run npm run build first' : error.message}`,
  );
  process.exitCode = 1;
}
