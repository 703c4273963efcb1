// Builds the package: AssemblyScript kernels to WebAssembly, TypeScript to dist/, then the WebAssembly module next to
// its compiled wrapper. `--kernels-only` stops after the first step (what jest needs); `--clean` empties dist/ first.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePage } from './bundle-page.mjs';
import { bundlePlayer } from './bundle-player.mjs';
import { bundlePlayerPage } from './bundle-player-page.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kernelsModule = join(root, 'src/kernels/kernels.wasm');
const commandLine = join(root, 'dist/src/cli/main.js');

function runTool(script, ...parameters) {
  try {
    execFileSync(process.execPath, [join(root, 'node_modules', script), ...parameters], {
      cwd: root,
      stdio: 'inherit',
    });
  } catch {
    process.stderr.write(`build: ${script} failed, see above\n`);
    process.exit(1);
  }
}

function buildKernels() {
  // The memory is imported, so that threads can share it, and grown by the wrapper to what the picture size needs.
  // `abort` is compiled away: the module imports nothing else.
  runTool(
    'assemblyscript/bin/asc.js',
    'src/kernels/assembly/index.ts',
    ...['-O3', '--runtime', 'stub', '--enable', 'simd', '--enable', 'threads', '--noAssert', '--use', 'abort='],
    ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
    ...['--outFile', 'src/kernels/kernels.wasm'],
  );
}

const flags = new Set(process.argv.slice(2));
if (flags.has('--clean')) rmSync(join(root, 'dist'), { recursive: true, force: true });
buildKernels();
if (!flags.has('--kernels-only')) {
  runTool('typescript/bin/tsc', '-p', 'tsconfig.build.json');
  runTool(
    'typescript/bin/tsc',
    '-p',
    'src/player/tsconfig.json',
    '--noEmit',
    'false',
    '--emitDeclarationOnly',
    ...['--declaration', '--outDir', 'dist'],
  );
  await bundlePage();
  await bundlePlayer();
  await bundlePlayerPage();
  mkdirSync(join(root, 'dist/src/kernels'), { recursive: true });
  copyFileSync(kernelsModule, join(root, 'dist/src/kernels/kernels.wasm'));
  // npm sets this on installation; a checkout runs the file as it is built.
  if (existsSync(commandLine)) chmodSync(commandLine, 0o755);
}
