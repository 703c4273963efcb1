// A process that runs command lines of the built program one after the other: the modules are loaded once, and not for
// every line. Each line finds streams, a working folder and an exit code of its own.
import { Buffer } from 'node:buffer';
import { Readable, Writable } from 'node:stream';
import { runProgram } from '../../dist/src/cli/program.js';

const home = process.cwd();

/** Replaces an output of the process; returns what is written to it. */
function collect(name) {
  const chunks = [];
  const stream = new Writable({
    decodeStrings: true,
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  Object.defineProperty(process, name, { value: stream, configurable: true });
  return () => Buffer.concat(chunks).toString('utf8');
}

async function run(words, cwd) {
  process.chdir(cwd ?? home);
  process.exitCode = undefined;
  Object.defineProperty(process, 'stdin', { value: Readable.from([]), configurable: true });
  const [stdout, stderr] = [collect('stdout'), collect('stderr')];
  await runProgram(words);
  return { exitCode: process.exitCode ?? 0, stdout: stdout(), stderr: stderr() };
}

process.on('message', ({ words, cwd }) => void run(words, cwd).then((result) => process.send(result)));
