import type { PageData } from '../shared/page-data.js';
import { bdByClip } from './bd.js';
import { curves } from './curves.js';
import { countOf, h } from './dom.js';
import { frames } from './frames.js';
import { onSchemeChange } from './marks.js';
import { overview } from './overview.js';
import { pictures } from './pictures.js';
import { failures, repeat } from './repeat.js';
import { speed } from './speed.js';
import { Store } from './store.js';
import { target } from './target.js';
import { toolbar } from './toolbar.js';

const data = JSON.parse(document.getElementById('data')!.textContent) as PageData;
const store = new Store({ hidden: new Set(), metric: 0, anchor: data.defaultAnchor });
onSchemeChange(() => store.redraw());
document.body.append(
  header(),
  toolbar(data, store),
  h(
    'main',
    {},
    overview(data, store),
    curves(data, store),
    bdByClip(data, store),
    speed(data, store),
    pictures(data, store),
    frames(data, store),
    target(data, store),
    failures(data),
    repeat(data),
  ),
  h('footer', {}, `Made by tessera bench from one results file. No figure on this page was entered by hand.`),
);
document.documentElement.dataset['ready'] = 'true';

function header(): HTMLElement {
  const date = data.createdAt.slice(0, 10);
  const jobs = data.points.length + data.failures.length;
  const failed = data.failures.length === 0 ? '' : `, ${data.failures.length} failed`;
  const frameCount = data.clips.reduce((sum, clip) => sum + clip.frames, 0);
  const facts = [
    [countOf(data.clips.length, 'clip'), countOf(frameCount, 'frame')],
    [countOf(data.codecs.length, 'codec'), `${countOf(jobs, 'point')}${failed}`],
    [data.facts[0]![1], data.facts[3]![1]],
  ];
  return h(
    'header',
    {},
    h('p', { class: 'kicker' }, 'tessera bench'),
    h('h1', {}, `Rate and quality of ${countOf(data.codecs.length, 'codec')}`),
    h(
      'div',
      { class: 'summary' },
      h('div', {}, h('b', {}, date), h('span', {}, data.createdAt.slice(11, 16) + ' UTC')),
      ...facts.map(([first, second]) => h('div', {}, h('b', {}, first!), h('span', {}, second!))),
    ),
  );
}
