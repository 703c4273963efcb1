// Puts the player for browsers into dist/player/: modules, the modules of its worker threads, kernels.wasm, and the files
// of the model pack that decoding needs. The modules of src/platform/browser/ take the place of those for Node.
import { build } from 'esbuild';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'dist/player');

/** The modules of worker threads, by the names of their scripts. */
export const threadScripts = Object.fromEntries(
  ['token-worker', 'decoder-worker', 'post-filter-worker'].map((name) => [
    name,
    join(root, `src/codec/transform/workers/${name}.ts`),
  ]),
);

/** The pack that the player finds without further ado, and the roles of its files that decoding needs. */
const PACK = 'codecs/tessera-nano';
const ROLES = ['tables', 'prior-first', 'prior-second', 'loop-filter', 'post-filter-lpips'];

/** Puts the modules of src/platform/browser/ in the place of those for Node. */
export const browserPlatform = {
  name: 'browser-platform',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/node\// }, ({ path, resolveDir }) => {
      if (!resolveDir.endsWith(join('src', 'platform'))) return undefined;
      return { path: join(resolveDir, path.replace('./node/', 'browser/').replace(/\.js$/, '.ts')) };
    });
    // Messages of zod in other languages.
    onResolve({ filter: /locales\/index\.js$/ }, ({ resolveDir }) =>
      resolveDir.includes(`${sep}zod${sep}`) ? { path: join(resolveDir, '../locales/en.js') } : undefined,
    );
  },
};

/** The element's script imports the player from the file beside it. */
const besidePlayer = {
  name: 'beside-player',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path: './tessera-player.js', external: true }));
  },
};

/** Options of esbuild for all that browsers load. */
export const buildOptions = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  // Older browsers lack the symbol that names the method to dispose.
  banner: { js: 'Symbol.asyncDispose??=Symbol("asyncDispose");' },
  logLevel: 'warning',
};

/** Writes the folder. esbuild says on stderr what it cannot bundle, and this throws. */
export async function bundlePlayer() {
  rmSync(out, { recursive: true, force: true });
  const options = { outdir: out, ...buildOptions };
  // One file, so that nothing is asked for only when the first file is there.
  await build({
    ...options,
    entryPoints: { 'tessera-player': join(root, 'src/player/index.ts') },
    plugins: [browserPlatform],
  });
  await build({
    ...options,
    entryPoints: { 'tessera-video': join(root, 'src/player/tessera-video.ts') },
    plugins: [besidePlayer],
    banner: {},
  });
  await build({
    ...options,
    entryPoints: threadScripts,
    chunkNames: 'part-[hash]',
    splitting: true,
    plugins: [browserPlatform],
  });
  copyFileSync(join(root, 'src/kernels/kernels.wasm'), join(out, 'kernels.wasm'));
  copyPack();
  copyVocabulary();
  writeLicences();
}

/** The player holds a copy of zod, whose licence asks for its notice. */
function writeLicences() {
  const parts = ['LICENSE', 'node_modules/zod/LICENSE'].map((path) => readFileSync(join(root, path), 'utf8'));
  writeFileSync(join(out, 'LICENSES.txt'), `tessera\n\n${parts.join('\n\nzod\n\n')}`);
}

/** Words of scenes name nodes of it; it is read only if a stream has words. */
function copyVocabulary() {
  const target = join(out, 'packs/words');
  mkdirSync(target, { recursive: true });
  cpSync(join(root, 'codecs/words/vocabulary.json'), join(target, 'vocabulary.json'));
}

function copyPack() {
  const manifest = JSON.parse(readFileSync(join(root, PACK, 'manifest.json'), 'utf8'));
  const target = join(out, 'packs', manifest.name);
  mkdirSync(target, { recursive: true });
  for (const role of ROLES)
    cpSync(join(root, PACK, manifest.files[role].path), join(target, manifest.files[role].path));
  // The manifest stays as it is: the identity of the pack is computed from it.
  writeFileSync(join(target, 'manifest.json'), readFileSync(join(root, PACK, 'manifest.json')));
}
