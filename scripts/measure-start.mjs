// Processor time (user and system) from the start of node to the end of an import or of `tessera --help`, in seconds:
// node scripts/measure-start.mjs [RUNS]
//
// Medians of RUNS runs, 10 if not given; the runs of all rows alternate. The first row is node itself. Build first.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { formatTable } from '../dist/src/cli/table.js';

const runs = Number(process.argv[2] ?? 10);
const root = fileURLToPath(new URL('..', import.meta.url));
const atExit =
  "import { writeSync } from 'node:fs'; process.on('exit', () => writeSync(2, JSON.stringify(process.cpuUsage())));";

const importing = (name) => ['--input-type=module', '--eval', `import '${name}'`];
const rows = [
  { name: 'node alone', parameters: ['--eval', ''], bar: '' },
  { name: 'tessera-codec/stream', parameters: importing('tessera-codec/stream'), bar: 0.25 },
  { name: 'tessera-codec', parameters: importing('tessera-codec'), bar: 0.35 },
  { name: 'tessera-codec/codec', parameters: importing('tessera-codec/codec'), bar: '' },
  { name: 'tessera-codec/metrics', parameters: importing('tessera-codec/metrics'), bar: '' },
  { name: 'tessera-codec/bench', parameters: importing('tessera-codec/bench'), bar: '' },
  { name: 'tessera --help', parameters: ['dist/src/cli/main.js', '--help'], bar: 0.3 },
].map((row) => ({ ...row, seconds: [] }));

for (let run = 0; run < runs; run++) {
  for (const { parameters, seconds } of rows) seconds.push(processorSeconds(parameters));
}
const table = rows.map(({ name, seconds, bar }) => {
  const sorted = seconds.sort((a, b) => a - b);
  const median = (sorted[(runs - 1) >> 1] + sorted[runs >> 1]) / 2;
  return [name, median.toFixed(3), sorted[0].toFixed(3), bar === '' ? '' : bar.toFixed(2)];
});
process.stdout.write(`${formatTable(['what', 'median', 'least', 'bar'], table)}\n`);

/** What one process takes until it ends. */
function processorSeconds(parameters) {
  const hook = ['--import', `data:text/javascript,${encodeURIComponent(atExit)}`];
  const { status, stderr } = spawnSync(process.execPath, [...hook, ...parameters], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`node ${parameters.join(' ')} ended with ${status}: ${stderr}`);
  const { user, system } = JSON.parse(stderr);
  return (user + system) / 1e6;
}
