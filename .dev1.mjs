import { servePlayer } from '/tmp/pl/serve.mjs';
import { chromium } from 'playwright-core';
import { readdirSync, readFileSync } from 'node:fs';
const files = new Map(readdirSync('fixtures/streams').filter(f=>f.endsWith('.tsr')).map(f=>[f, readFileSync('fixtures/streams/'+f)]));
for (const f of process.argv.slice(3)) files.set(f.split('/').pop(), readFileSync(f));
const server = await servePlayer(files);
const browser = await chromium.launch({executablePath:'/usr/bin/chromium', args:['--headless','--no-sandbox','--disable-gpu','--no-first-run']});
const page = await browser.newPage();
page.on('console', m => console.log('C', m.text())); page.on('pageerror', m => console.log('E', m.message));
await page.goto(server.origin);
const names = process.argv[2] === 'all' ? [...files.keys()] : [process.argv[2]];
for (const name of names) {
 const t=performance.now();
 const n = await Promise.race([page.evaluate(async (file) => {
  const { decodeFrames } = await import('/player/tessera-player.js'); let n=0; const t0=performance.now(); let first;
  for await (const f of decodeFrames(file, { packs: '/packs/' })) { n++; first ??= performance.now()-t0; }
  return [n, first, performance.now()-t0];
 }, name), new Promise(r=>setTimeout(()=>r('timeout'),60000))]).catch(e=>e.message);
 console.log(name, n, performance.now()-t);
}
await browser.close(); process.exit(0);
