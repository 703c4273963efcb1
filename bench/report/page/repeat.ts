import type { PageData } from '../shared/page-data.js';
import { countOf, h } from './dom.js';
import { codecName } from './marks.js';
import { settingText } from './numbers.js';
import { details, section } from './section.js';
import { dataTable } from './table.js';

/** Jobs that failed; null if none did. */
export function failures(data: PageData): HTMLElement | null {
  if (data.failures.length === 0) return null;
  const rows = data.failures.map(({ clip, codec, setting, reason }) => [
    codecName(data.codecs[codec]!),
    settingText(data.codecs[codec]!, setting),
    data.clips[clip]!.name,
    reason,
  ]);
  return section(
    'failures',
    'Failed jobs',
    `${countOf(data.failures.length, 'job')} of ${data.failures.length + data.points.length} failed. Their points are missing in every curve and figure above.`,
    dataTable({ caption: 'Failed jobs', head: ['Codec', 'Setting', 'Clip', 'Reason'], rows, textColumns: [1, 2, 3] }),
  );
}

/** Everything that is needed to do it again. */
export function repeat(data: PageData): HTMLElement {
  const facts = h('dl', { class: 'facts' });
  for (const [name, value] of data.facts) facts.append(h('div', {}, h('dt', {}, name), h('dd', {}, value)));
  const codecs = dataTable({
    caption: 'Codecs',
    head: ['Codec', 'Name', 'Version', 'Settings', 'Details'],
    rows: data.codecs.map((codec) => [
      codecName(codec),
      h('code', {}, codec.name),
      codec.version,
      `${codec.settingName} ${codec.settings.join(', ')}`,
      Object.entries(codec.details)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ]),
    textColumns: [1, 2, 3, 4],
  });
  const clips = dataTable({
    caption: 'Clips',
    head: ['Clip', 'Size', 'Frames', 'Frames/s', 'File', 'SHA-256', 'Changed'],
    rows: data.clips.map(({ name, width, height, frames, framesPerSecond, file, sha256, notes }) => [
      name,
      `${width}\u00d7${height}`,
      String(frames),
      String(Number(framesPerSecond.toFixed(3))),
      h('code', {}, file),
      h('code', { class: 'hash', title: sha256 }, sha256),
      notes.length === 0 ? 'nothing' : notes.join('; '),
    ]),
    textColumns: [4, 5, 6],
  });
  const commands = h(
    'ol',
    { class: 'commands' },
    ...[...data.points, ...data.failures].map(({ clip, codec, command }) =>
      h('li', {}, h('small', {}, `${data.codecs[codec]!.title}, ${data.clips[clip]!.name}`), h('code', {}, command)),
    ),
  );
  return section(
    'repeat',
    'To repeat this run',
    'The command line, the machine, the versions, and the hashes of the clips.',
    h('pre', { class: 'command', tabindex: 0 }, h('code', {}, data.command)),
    facts,
    h('h3', {}, 'Codecs'),
    codecs,
    h('h3', {}, 'Clips'),
    clips,
    details(`All ${countOf(data.points.length + data.failures.length, 'command')}`, commands),
  );
}
