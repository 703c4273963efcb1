import { bitsPerPixel } from '../shared/format.js';
import type { PageData } from '../shared/page-data.js';
import { replaceControls, segments, select } from './controls.js';
import { cropRow, fitLens, type Crop } from './crops.js';
import { h } from './dom.js';
import { codecName } from './marks.js';
import { metricText, settingText } from './numbers.js';
import { PictureStore, type Shown } from './picture-store.js';
import { section } from './section.js';
import { Stage, type Place } from './stage.js';
import type { Store } from './store.js';

const ZOOMS = [2, 4, 8];

/** CSS pixels at most: a picture and its controls are to be seen at once. */
const STAGE_HEIGHT = 600;

/** The first position of the enlarged part: next to the divider. */
const FIRST_PLACE: Place = { x: 0.68, y: 0.42 };

/** Decoded pictures next to each other and next to the original. */
export function pictures(data: PageData, store: Store): HTMLElement {
  const found = new PictureStore(data);
  const clips = found.clips();
  const lead = `Drag the divider, or move it with the arrow keys; press the picture to choose what is enlarged below. ${data.pictures.note}`;
  if (clips.length === 0) return section('pictures', 'Pictures', data.pictures.note);
  const chosen = {
    clip: clips[0]!,
    rate: 0,
    frame: 0,
    left: null as number | null,
    right: firstOfOurs(data) as number | null,
    zoom: 4,
    place: FIRST_PLACE,
  };
  const stage = new Stage((place) => {
    chosen.place = place;
    drawCrops();
  });
  const controls = h('div', { class: 'controls' });
  const stepper = h('div', { class: 'stepper' });
  const crops = h('div', { class: 'crops' });
  const holder = h('div', { class: 'stage-holder' }, stage.element);

  const chooseClip = (clip: number): void => {
    const rates = found.rates(clip);
    chosen.clip = clip;
    chosen.rate = rates[Math.floor((rates.length - 1) / 2)] ?? 0;
    chosen.frame = found.frames(clip)[0] ?? 0;
    chosen.place = FIRST_PLACE;
  };

  const drawControls = (): void => {
    const sides = [
      { value: null, text: 'Original' },
      ...data.codecs.map(({ title }, value) => ({ value, text: title })),
    ];
    const rates = found.rates(chosen.clip).map((value) => ({ value, text: `${bitsPerPixel(value)} bits per pixel` }));
    const set = (change: Partial<typeof chosen>): void => {
      Object.assign(chosen, change);
      draw();
    };
    replaceControls(
      controls,
      select(
        'Clip',
        clips.map((value) => ({ value, text: data.clips[value]!.name })),
        chosen.clip,
        (clip) => {
          chooseClip(clip);
          drawControls();
          draw();
        },
      ),
      select('Rate near', rates, chosen.rate, (rate) => set({ rate })),
      select('Left', sides, chosen.left, (left) => set({ left })),
      select('Right', sides, chosen.right, (right) => set({ right })),
    );
  };

  const step = (by: number): void => {
    const frames = found.frames(chosen.clip);
    const at = frames.indexOf(chosen.frame) + by;
    chosen.frame = frames[(at + frames.length) % frames.length]!;
    draw();
  };

  const before = h('button', { type: 'button', 'aria-label': 'Frame before', onclick: () => step(-1) }, '\u2190');
  const after = h('button', { type: 'button', 'aria-label': 'Next frame', onclick: () => step(1) }, '\u2192');
  const frameText = h('span', { class: 'frame-number', 'aria-live': 'polite' });
  stepper.append(before, frameText, after);

  const draw = (): void => {
    const { clip, frame, rate, left, right } = chosen;
    const frames = found.frames(clip);
    frameText.textContent = `Frame ${frame} (${frames.indexOf(frame) + 1} of ${frames.length} kept)`;
    before.disabled = after.disabled = frames.length < 2;
    const [leftShown, rightShown] = [left, right].map((codec) => found.find(clip, codec, frame, rate));
    const { width, height } = data.clips[clip]!;
    const side = (codec: number | null, shown: Shown | null | undefined): { address: string; text: string } => ({
      address: shown === null || shown === undefined ? '' : found.address(shown.picture),
      text: shown === null || shown === undefined ? `${titleOf(data, codec)}: no picture` : sideText(data, shown),
    });
    holder.style.maxWidth = `${(STAGE_HEIGHT * width) / height}px`;
    stage.show({ left: side(left, leftShown), right: side(right, rightShown), width, height });
    drawCrops();
  };

  const drawCrops = (): void => {
    const { clip, frame, rate, zoom } = chosen;
    const size = data.clips[clip]!;
    const { middle, share } = fitLens(chosen.place, size, zoom);
    chosen.place = middle;
    stage.showLens(middle, share);
    const metric = store.view.metric;
    const all = [null, ...data.codecs.map((_, index) => index).filter((index) => !store.view.hidden.has(index))];
    const shown = all.flatMap((codec): Crop[] => {
      const one = found.find(clip, codec, frame, rate);
      if (one === null) return [];
      const title = codec === null ? h('span', { class: 'codec' }, 'Original') : codecName(data.codecs[codec]!);
      return [{ address: found.address(one.picture), title, lines: cropLines(data, one, metric) }];
    });
    crops.replaceChildren(...cropRow(shown, size, middle, zoom));
  };

  chooseClip(chosen.clip);
  drawControls();
  const zoom = segments(
    'Enlarge',
    ZOOMS.map((value) => ({ value, text: `${value}\u00d7` })),
    chosen.zoom,
    (value) => {
      chosen.zoom = value;
      drawCrops();
    },
  );
  store.draw(draw);
  return section(
    'pictures',
    'Pictures',
    lead,
    controls,
    holder,
    h('div', { class: 'controls below' }, stepper, h('div', { class: 'labelled' }, h('span', {}, 'Enlarge'), zoom)),
    crops,
  );
}

/** The codec that is first shown next to the original: a pack, or the last codec. */
function firstOfOurs({ codecs }: PageData): number {
  const found = codecs.findIndex(({ name }) => name.startsWith('tessera'));
  return found < 0 ? codecs.length - 1 : found;
}

function titleOf(data: PageData, codec: number | null): string {
  return codec === null ? 'Original' : data.codecs[codec]!.title;
}

function sideText(data: PageData, { picture, point }: Shown): string {
  if (picture.codec === null || point === null) return 'Original';
  const codec = data.codecs[picture.codec]!;
  return `${codec.title}, ${settingText(codec, point.setting)}, ${bitsPerPixel(point.bitsPerPixel)} bpp`;
}

/** Rate and, of this frame, the metric. */
function cropLines(data: PageData, { picture, point }: Shown, metricAt: number): string[] {
  if (picture.codec === null || point === null) return [`${data.clips[picture.clip]!.name}, frame ${picture.frame}`];
  const metric = data.metrics[metricAt]!;
  const values = point.values[metricAt];
  // Temporal metrics begin with the second frame.
  const skipped =
    values === null || values === undefined ? 0 : data.clips[picture.clip]!.frames - values.perFrame.length;
  const value = values?.perFrame[picture.frame - skipped];
  const measured = value === undefined ? [] : [`${metric.title} ${metricText(value, metric)}`];
  return [`${bitsPerPixel(point.bitsPerPixel)} bits per pixel`, ...measured];
}
