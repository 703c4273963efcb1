// Puts the player's page into dist/player: index.html, its style and its script. The player itself, tessera-video.js, stands
// beside them.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'src/player/page');
const out = join(root, 'dist/player');

/** Writes the page. esbuild says on stderr what it cannot bundle, and this throws. */
export async function bundlePlayerPage() {
  mkdirSync(out, { recursive: true });
  copyFileSync(join(sources, 'index.html'), join(out, 'index.html'));
  await build({
    entryPoints: { page: join(sources, 'main.ts'), 'page-style': join(sources, 'page.css') },
    outdir: out,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    charset: 'utf8',
  });
}
