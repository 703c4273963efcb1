// Prints `N passed, N failed` from jest's JSON and pytest's JUnit XML, and fails if anything did.
// Usage: node count-tests.mjs JEST_JSON PYTEST_XML [BROKEN_PART...]
import { existsSync, readFileSync } from 'node:fs';

const [jestPath, pytestPath, ...broken] = process.argv.slice(2);

const parts = {
  test_product: existsSync(jestPath) ? countJest(readFileSync(jestPath, 'utf8')) : none(),
  test_training: existsSync(pytestPath) ? countPytest(readFileSync(pytestPath, 'utf8')) : none(),
  demonstrate: broken.includes('demonstrate') ? none() : { passed: 1, failed: 0 },
};

let passed = 0;
let failed = 0;
for (const [name, counts] of Object.entries(parts)) {
  passed += counts.passed;
  failed += counts.failed;
  // What broke before, after or beside the tests (compiler, linter, installation) shows in no result.
  const shown = counts.failed > 0 || (counts.passed > 0 && !broken.includes(name));
  if (!shown) failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function none() {
  return { passed: 0, failed: 0 };
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
