import { servePlayer } from '/tmp/pl/serve.mjs';
import { chromium } from 'playwright-core';
import { readFileSync } from 'node:fs';
import { execSync } from 'node:child_process';
const server = await servePlayer(new Map([['bbb.tsr', readFileSync('/tmp/pl/bbb.tsr')]]));
const browser = await chromium.launch({executablePath:'/usr/bin/chromium', args:['--headless','--no-sandbox','--disable-gpu','--no-first-run']});
const page = await browser.newPage(); await page.goto(server.origin);
await page.evaluate(`(async()=>{const m=await import('/player/tessera-player.js'); m.defineTesseraVideo(); const v=document.createElement('tessera-video'); window.v=v; for (const [k,x] of Object.entries({packs:'/packs/',muted:'',loop:'',autoplay:'',src:'bbb.tsr','post-filter':'none'})) v.setAttribute(k,x); document.body.append(v);})()`);
for (let i=0;i<12;i++) { await new Promise(r=>setTimeout(r,8000));
 const rows = execSync('ps -eo pid,ppid,rss,cmd').toString().split('\n').filter(l=>l.includes('type=renderer')&&l.includes('chromium')).map(l=>l.trim().split(/\s+/)).map(a=>[+a[0],+a[2]]);
 console.log(await page.evaluate('window.v.stats.framesShown+" "+window.v.stats.framesDropped'), JSON.stringify(rows)); }
await browser.close(); process.exit(0);
