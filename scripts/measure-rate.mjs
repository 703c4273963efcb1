// Measures rate control: node scripts/measure-rate.mjs RESULTS.jsonl [--seconds 10] [--only bitrate,size,target,loss,time,kill]
// [--metrics psnr,lpips,vmaf] [--preset medium] CLIP...
// Each clip is played back and forth to its length. Lines that RESULTS.jsonl has are not measured again. Build first.
import { spawn } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareVideos, compressVideo, decompressVideo } from '../dist/src/index.js';
import { backAndForth, readClip, writeY4m } from './in-memory.mjs';
import { openResults } from './result-lines.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10' },
    only: { type: 'string', default: 'bitrate,size,target,loss,time,kill' },
    metrics: { type: 'string', default: 'psnr,lpips' },
    preset: { type: 'string', default: 'medium' },
  },
});
const [path, ...clips] = positionals;
const results = openResults(path);
const RATES = [150_000, 400_000, 1_000_000];
const TARGETS = { psnr: [34, 38], lpips: [0.06, 0.15], vmaf: [80, 93] };
const KILLS = 10;
const common = { overwrite: true, preset: options.preset };
const program = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'measure-rate-'));
const only = new Set(options.only.split(','));

/** Measures a line once; processor seconds are those of this process with its threads, without ffmpeg's. */
async function measure(key, work) {
  if (results.has(key)) return;
  const from = process.cpuUsage();
  const line = await work();
  results.write({ key, ...line, cpu: cpuSeconds(from) });
}

/** Processor seconds of this process since `from`. */
function cpuSeconds(from) {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

/** The mean quality of the frames. */
function meanQuality({ chunks }) {
  const frames = chunks.reduce((sum, chunk) => sum + chunk.frames, 0);
  return chunks.reduce((sum, chunk) => sum + chunk.quality * chunk.frames, 0) / frames;
}

/** Writes the clip back and forth, as y4m. */
async function lengthen(path, target) {
  const { frames, properties } = await readClip(path);
  const count = Math.round((Number(options.seconds) * properties.frameRate.num) / properties.frameRate.den);
  await writeY4m(target, properties, backAndForth(frames, count));
}

async function quality(video, stream) {
  const shown = join(folder, 'shown.y4m');
  await decompressVideo(stream, shown, { overwrite: true });
  const { metrics } = await compareVideos(video, shown, { metrics: ['psnr-y', 'lpips'] });
  return { psnr: metrics['psnr-y'].mean, lpips: metrics.lpips.mean };
}

/** Runs `work`; adds its seconds and its processor seconds to the result. */
async function timed(work) {
  const cpu = process.cpuUsage();
  const from = performance.now();
  const result = await work();
  return { ...result, seconds: (performance.now() - from) / 1000, cpu: cpuSeconds(cpu) };
}

/** How many times the seconds, and the processor seconds, of one encode at the mean quality of `aimed` that took. */
async function timesOfOne(aimed, compress) {
  const quality = Math.round(meanQuality(aimed.rate));
  const one = await timed(() => compress({ quality }));
  return { quality, seconds: aimed.seconds / one.seconds, processor: aimed.cpu / one.cpu };
}

/** Runs the program; kills it after some milliseconds, if they are given. Resolves to its exit code. */
async function run(args, killAfter) {
  const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  const [code] = await once(child, 'exit');
  clearTimeout(timer);
  return code;
}

for (const clip of clips) {
  const name = basename(clip);
  const video = join(folder, 'clip.y4m');
  const stream = join(folder, 'out.tsr');
  await lengthen(clip, video);
  const compress = (given) => compressVideo(video, stream, { ...common, ...given });
  for (const bitrate of RATES) {
    if (only.has('bitrate')) {
      await measure(`${name} two ${bitrate}`, async () => {
        const { rate, bytes } = await compress({ rate: { bitrate } });
        return { off: rate.bitrate / bitrate - 1, bytes, quality: rate.chunks.map((chunk) => chunk.quality) };
      });
      await measure(`${name} one ${bitrate}`, async () => {
        async function* pipe() {
          yield* createReadStream(video);
        }
        const { rate, bytes } = await compressVideo(pipe(), stream, { ...common, rate: { bitrate } });
        return { off: rate.bitrate / bitrate - 1, bytes };
      });
    }
    if (only.has('loss')) {
      await measure(`${name} loss ${bitrate}`, async () => {
        const { rate, bytes } = await compress({ rate: { bitrate } });
        const got = { bits: Math.log(bytes), ...(await quality(video, stream)) };
        const mean = meanQuality(rate);
        const constant = [];
        for (const q of [Math.floor(mean), Math.floor(mean) + 1]) {
          const plain = await compress({ quality: q });
          constant.push({ bits: Math.log(plain.bytes), ...(await quality(video, stream)) });
        }
        // Bits of constant quality for the same metric, along the line through both.
        const loss = (metric) => {
          const [a, b] = constant;
          const share = (got[metric] - a[metric]) / (b[metric] - a[metric]);
          return Math.exp(got.bits - (a.bits + share * (b.bits - a.bits))) - 1;
        };
        return { mean, psnr: loss('psnr'), lpips: loss('lpips') };
      });
    }
    if (only.has('time')) {
      await measure(`${name} time ${bitrate}`, async () => {
        const passes = await timed(() => compress({ rate: { bitrate } }));
        return timesOfOne(passes, compress);
      });
    }
    if (only.has('size')) {
      const maxSize = Math.round((bitrate * Number(options.seconds)) / 8);
      await measure(`${name} size ${maxSize}`, async () => {
        const { rate, bytes } = await compress({ rate: { maxSize } });
        return { used: statSync(stream).size / maxSize, bytes, recoded: rate.recodedChunks };
      });
    }
  }
  if (only.has('target')) {
    for (const metric of options.metrics.split(',')) {
      for (const value of TARGETS[metric]) {
        await measure(`${name} ${metric} ${value}`, async () => {
          try {
            const aimed = await timed(() => compress({ rate: { target: { metric, value } } }));
            const { rate, bytes } = aimed;
            const off = rate.chunks.map(({ probes }) => probes.at(-1).value - value);
            return {
              worst: Math.max(...off.map(Math.abs)),
              probes: rate.chunks.map((chunk) => chunk.probes.length),
              bytes,
              ...(only.has('time') ? { times: await timesOfOne(aimed, compress) } : {}),
            };
          } catch (error) {
            return { unmet: error.message };
          }
        });
      }
    }
  }
  if (only.has('kill')) {
    await measure(`${name} kill`, async () => {
      const args = ['compress', video, stream, '--bitrate', '200k', '--keyint', '1s', '--preset', options.preset];
      rmSync(stream, { force: true });
      const began = performance.now();
      await run(args);
      const duration = performance.now() - began;
      const whole = readFileSync(stream);
      rmSync(stream);
      let kills = 0;
      for (let code = null; code !== 0;) {
        code = await run([...args, '--resume'], kills < KILLS ? (0.1 + 0.4 * Math.random()) * duration : undefined);
        if (code !== 0) kills++;
      }
      return { kills, isSame: readFileSync(stream).equals(whole) };
    });
  }
}
rmSync(folder, { recursive: true, force: true });
process.exit(0);
