// Puts the player's page into dist/player/, beside the player: index.html with its style and script, and standalone.html,
// which carries page, player, threads and pack in one file, so that browsers play it from a disk.
import { build } from 'esbuild';
import { Buffer } from 'node:buffer';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { browserPlatform, buildOptions, threadScripts } from './bundle-player.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'src/player/page');
const standalone = join(root, 'src/player/standalone');
const out = join(root, 'dist/player');

/** Modules that load files from beside them are replaced by those that have them in the page. */
const embeddedFiles = {
  name: 'embedded-files',
  setup({ onResolve }) {
    onResolve({ filter: /\/own-file\.js$/ }, () => ({ path: join(standalone, 'own-file.ts') }));
    onResolve({ filter: /^\.\/node\/pack-folder\.js$/ }, () => ({ path: join(standalone, 'pack-folder.ts') }));
  },
};

/** Writes the pages; call it after bundlePlayer. esbuild says on stderr what it cannot bundle, and this throws. */
export async function bundlePlayerPage() {
  mkdirSync(out, { recursive: true });
  copyFileSync(join(sources, 'index.html'), join(out, 'index.html'));
  await build({
    ...buildOptions,
    banner: {},
    entryPoints: { page: join(sources, 'main.ts'), 'page-style': join(sources, 'page.css') },
    outdir: out,
  });
  await writeStandalone();
}

async function writeStandalone() {
  const bundle = async (entryPoints) => {
    const { outputFiles } = await build({
      ...buildOptions,
      entryPoints,
      outdir: out,
      plugins: [embeddedFiles, browserPlatform],
      write: false,
    });
    return outputFiles.map(({ contents }) => Buffer.from(contents));
  };
  const threads = await bundle(threadScripts);
  const [script] = await bundle({ standalone: join(standalone, 'main.ts') });
  const packs = readdirSync(join(out, 'packs'), { recursive: true }).filter((path) => /\.\w+$/.test(path));
  const files = Object.fromEntries([
    ['kernels.wasm', readFileSync(join(root, 'src/kernels/kernels.wasm'))],
    ...Object.keys(threadScripts).map((name, at) => [`${name}.js`, threads[at]]),
    ...packs.map((path) => [`packs/${path.replaceAll('\\', '/')}`, readFileSync(join(out, 'packs', path))]),
  ]);
  const texts = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.toString('base64')]));
  const page = [
    [/script-src [^;]*/, "script-src 'unsafe-inline' data: 'wasm-unsafe-eval'"],
    [/worker-src [^;]*/, 'worker-src data:'],
    [/<link rel="stylesheet"[^>]*>/, `<style>${readFileSync(join(out, 'page-style.css'), 'utf8')}</style>`],
    [/ *<script type="module" src="\.\/tessera-video\.js"><\/script>\n/, ''],
    [/ *<script type="module" src="\.\/page\.js"><\/script>\n/, ''],
    [
      '</body>',
      `<script type="application/json" id="files">${JSON.stringify(texts)}</script>
<script type="module">${script.toString('utf8').replaceAll('</script', '<\\/script')}</script></body>`,
    ],
  ].reduce(
    (text, [mark, content]) => {
      if (text.search(mark) < 0) throw new Error(`index.html of the player has no ${mark}`);
      return text.replace(mark, () => content);
    },
    readFileSync(join(sources, 'index.html'), 'utf8'),
  );
  writeFileSync(join(out, 'standalone.html'), page);
}
