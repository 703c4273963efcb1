// Puts the page of the benchmark's reports into one HTML file, dist/bench/report/page.html: styles, scripts and uPlot stand
// inside it; the data take their place when a report is written.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, 'bench/report/page');
const licence = '/* uPlot, (c) Leon Sorokin, MIT licence, https://github.com/leeoniya/uPlot */';

/** Writes the page. esbuild says on stderr what it cannot bundle, and this throws. */
export async function bundlePage() {
  const { outputFiles } = await build({
    entryPoints: [join(sources, 'main.ts'), join(sources, 'page.css')],
    outdir: join(root, 'dist/bench/report'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    banner: { js: licence, css: licence },
    write: false,
  });
  const bundled = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text;
  const page = [
    ['/*STYLE*/', bundled('.css')],
    ['/*SCRIPT*/', bundled('.js')],
  ].reduce(
    (text, [mark, content]) => text.replace(mark, () => content),
    readFileSync(join(sources, 'page.html'), 'utf8'),
  );
  mkdirSync(join(root, 'dist/bench/report'), { recursive: true });
  writeFileSync(join(root, 'dist/bench/report/page.html'), page);
}
