// Decodes mutated golden streams: `node scripts/fuzz.mjs [--count 10000] [--seed 1]`. The same seeds give the same
// streams. The test suite runs a few hundred of them; this runs as many as are asked for and prints totals.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
for (const [name, value] of Object.entries(values)) {
  if (!/^[1-9]\d{0,8}$/.test(value)) {
    process.stderr.write(`--${name} is ${value}: give a whole number from 1 to 999999999\n`);
    process.exit(2);
  }
}
const { status } = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', 'test/fuzz', '--runInBand'],
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: 'inherit',
    env: { ...process.env, TESSERA_FUZZ_COUNT: values.count, TESSERA_FUZZ_SEED: values.seed },
  },
);
process.exit(status ?? 1);
