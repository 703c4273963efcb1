// Checks types, lint rules and format. ESLint takes as long as the other checks together, so they run beside each other.
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a script of package.json and prints what it says at its end. Returns whether it succeeded. */
function runScript(name) {
  return new Promise((resolve) => {
    const output = [];
    const child = spawn('npm', ['run', '--silent', name], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => {
      process.stdout.write(`${name}: ${code === 0 ? 'passed' : 'failed'}\n`);
      for (const chunk of output) process.stdout.write(chunk);
      resolve(code === 0);
    });
  });
}

async function runInTurn(names) {
  const passed = [];
  for (const name of names) passed.push(await runScript(name));
  return passed;
}

const passed = await Promise.all([runInTurn(['lint:code']), runInTurn(['typecheck', 'lint:format'])]);
process.exit(passed.flat().includes(false) ? 1 : 0);
