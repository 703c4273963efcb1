// Plays the demo clip in the browser: `npm run player`. Compresses it first, if there is no stream of it that the pack can
// decode. What follows `--` goes to `tessera play`, such as --no-open.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_PACK, loadPack } from '../dist/src/exports/codec.js';
import { compressVideo, inspectStream } from '../dist/src/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const clip = join(root, 'fixtures/clips/big-buck-bunny-3s.mp4');
const stream = join(root, 'demo-output/big-buck-bunny.tsr');

if (!(await isUsable())) {
  process.stderr.write(`player: compressing ${relative(root, clip)}\n`);
  mkdirSync(join(root, 'demo-output'), { recursive: true });
  await compressVideo(clip, stream, { overwrite: true });
}
const program = join(root, 'dist/src/cli/main.js');
const child = spawn(process.execPath, [program, 'play', stream, ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches the program too, which ends then.
process.on('SIGINT', () => undefined);
child.on('exit', (code) => (process.exitCode = code === 130 ? 0 : code));

/** Whether there is a stream of this pack. */
async function isUsable() {
  try {
    const { header } = await inspectStream(stream);
    const { id } = await loadPack(DEFAULT_PACK);
    return id.every((byte, at) => byte === header.packId[at]);
  } catch {
    return false;
  }
}
