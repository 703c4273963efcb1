import { connectBitsChart } from './bits-chart.js';
import { connectCounters } from './counters.js';
import { byId, type TesseraVideo } from './dom.js';
import { connectFilter } from './filter.js';
import { connectFullScreen } from './full-screen.js';
import { connectKeys } from './keys.js';
import { connectNotices } from './notices.js';
import { connectSound } from './sound.js';
import { connectSources } from './sources.js';
import { connectSubtitles } from './subtitles.js';
import { connectTransport } from './transport.js';

const video = byId<TesseraVideo>('video');
connectNotices(video);
const transport = connectTransport(video);
const sound = connectSound(video);
const filter = connectFilter(video);
const nextSubtitles = connectSubtitles(video);
const toggleFullScreen = connectFullScreen();
connectCounters(video);
connectBitsChart(video, (share) => transport.goTo(share));
const openFile = connectSources(video);
connectKeys([
  { keys: [' ', 'k'], shown: ['space', 'k'], text: 'Play, pause', run: () => transport.toggle() },
  {
    keys: ['arrowleft', 'arrowright'],
    shown: ['←', '→'],
    text: '5 seconds back, on',
    run: (key) => transport.skip(key === 'arrowleft' ? -5 : 5),
  },
  { keys: ['j', 'l'], text: '10 seconds back, on', run: (key) => transport.skip(key === 'j' ? -10 : 10) },
  { keys: [',', '.'], text: 'One frame back, on', run: (key) => transport.step(key === ',' ? -1 : 1) },
  {
    keys: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    shown: ['0', '…', '9'],
    text: 'To the start, to 10 %, … 90 %',
    run: (key) => transport.goTo(Number(key) / 10),
  },
  {
    keys: ['home', 'end'],
    shown: ['Home', 'End'],
    text: 'To the start, to the end',
    run: (key) => transport.goTo(key === 'home' ? 0 : 1),
  },
  {
    keys: ['arrowup', 'arrowdown'],
    shown: ['↑', '↓'],
    text: 'Louder, quieter',
    run: (key) => sound.change(key === 'arrowup' ? 5 : -5),
  },
  { keys: ['m'], text: 'Mute', run: () => sound.toggle() },
  { keys: ['<', '>'], text: 'Slower, faster', run: (key) => transport.changeSpeed(key === '<' ? -1 : 1) },
  { keys: ['r'], text: 'Loop', run: () => transport.toggleLoop() },
  { keys: ['p'], text: 'Next filter', run: () => filter.next() },
  { keys: ['c'], text: 'Next subtitles', run: nextSubtitles },
  { keys: ['f'], text: 'Full screen', run: toggleFullScreen },
  { keys: ['o'], text: 'Open a file', run: openFile },
]);
byId('not-started').remove();
document.documentElement.dataset['ready'] = 'true';
