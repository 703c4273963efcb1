// Prints `N passed, N failed` and fails if anything did. Tests are counted from jest's JSON and pytest's JUnit XML; a part
// without test results of its own counts as one test.
// Usage: node count-tests.mjs RESULTS_FOLDER PARTS BROKEN_PARTS, the latter two with a part on each line.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...lists] = process.argv.slice(2);
const [parts, broken] = lists.map((text) => text.split('\n').filter((name) => name !== ''));

let passed = 0;
let failed = 0;
for (const part of parts) {
  const isBroken = broken.includes(part);
  const counts = countPart(part, isBroken);
  passed += counts.passed;
  failed += counts.failed;
  // What broke before, after or beside the tests (compiler, linter, installation) shows in no result.
  const shown = counts.failed > 0 || (counts.passed > 0 && !isBroken);
  if (!shown) failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && parts.length > 0 ? 0 : 1;

function countPart(part, isBroken) {
  const path = join(folder, part.replace(' ', '-'));
  if (part === 'test_training') return countFile(`${path}.xml`, countPytest);
  if (part.startsWith('test_')) return countFile(`${path}.json`, countJest);
  return isBroken ? none() : { passed: 1, failed: 0 };
}

function none() {
  return { passed: 0, failed: 0 };
}

function countFile(path, count) {
  return existsSync(path) ? count(readFileSync(path, 'utf8')) : none();
}

function countJest(json) {
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(json);
  // A file that does not even load has no tests of its own to fail.
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
}

function countPytest(xml) {
  const counts = none();
  for (const [suite] of xml.matchAll(/<testsuite\b[^>]*>/g)) {
    const read = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const bad = read('failures') + read('errors');
    counts.passed += read('tests') - bad - read('skipped');
    counts.failed += bad;
  }
  return counts;
}
