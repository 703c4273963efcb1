// Runs all checks, then jest with the given arguments. ESLint takes as long as the other checks together, so they run
// beside each other: two cores are busy all the time.
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a script of package.json and prints what it says at its end. Returns whether it succeeded. */
function runScript(script) {
  const [name, ...parameters] = script.split(' ');
  return new Promise((resolve) => {
    const output = [];
    const child = spawn('npm', ['run', '--silent', name, '--', ...parameters], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => {
      process.stdout.write(`${name}: ${code === 0 ? 'passed' : 'failed'}\n`);
      for (const chunk of output) process.stdout.write(chunk);
      resolve(code === 0);
    });
  });
}

async function runInTurn(scripts) {
  const passed = [];
  for (const script of scripts) passed.push(await runScript(script));
  return passed;
}

const passed = await Promise.all([
  runInTurn(['lint:code']),
  runInTurn(['build --unchecked', 'typecheck', 'lint:format']),
]);
if (passed.flat().includes(false)) process.exit(1);
const jest = spawn('npm', ['run', '--silent', 'jest', '--', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
jest.on('close', (code) => process.exit(code ?? 1));
