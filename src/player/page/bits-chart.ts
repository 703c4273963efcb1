import type { FrameBits } from '../api.js';
import { byId, type TesseraVideo } from './dom.js';
import { bitsText, countOf, timeText } from './text.js';

/** How often the bars are drawn again while frames come in. The marker moves with each frame. */
const DRAW_MS = 500;

/** Connects the chart of bits per frame: bars of all decoded frames, a marker at the shown one, a click seeks. */
export function connectBitsChart(video: TesseraVideo, seekToShare: (share: number) => void): void {
  const [chart, canvas, marker, tip] = [byId('chart'), byId('bars', HTMLCanvasElement), byId('marker'), byId('tip')];
  let drawn = -1;
  let timer = 0;

  const span = (): number => {
    const { duration } = video;
    if (Number.isFinite(duration)) return duration;
    return Math.max(1, video.stats.frameBits.at(-1)?.time ?? 0);
  };
  const draw = (): void => {
    timer = 0;
    const { frameBits } = video.stats;
    drawn = frameBits.length;
    drawBars(canvas, frameBits, span());
    describe(canvas, frameBits);
  };
  const drawLater = (): void => {
    if (timer === 0 && video.stats.frameBits.length !== drawn) timer = window.setTimeout(draw, DRAW_MS);
  };
  const mark = (): void => {
    const share = video.currentTime / span();
    marker.hidden = !(share >= 0 && share <= 1) || video.readyState === 0;
    marker.style.left = `${(100 * share).toFixed(3)}%`;
  };
  const shareAt = (event: MouseEvent): number => {
    const { left, width } = chart.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width));
  };

  for (const event of ['frame', 'timeupdate', 'seeked', 'durationchange', 'emptied']) {
    video.addEventListener(event, () => {
      mark();
      drawLater();
    });
  }
  chart.addEventListener('click', (event) => seekToShare(shareAt(event)));
  chart.addEventListener('pointermove', (event) => {
    const share = shareAt(event);
    const frame = frameAt(video.stats.frameBits, share * span());
    tip.hidden = frame === null;
    if (frame === null) return;
    tip.textContent = `${timeText(frame.time)}  ${bitsText(frame.bits)}${frame.isKey ? ', key frame' : ''}`;
    const room = chart.clientWidth - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(room, share * chart.clientWidth + 12))}px`;
  });
  chart.addEventListener('pointerleave', () => (tip.hidden = true));
  new ResizeObserver(draw).observe(chart);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}

/** Key frames are much larger than others: the height of a bar is the square root of its bits. */
function drawBars(canvas: HTMLCanvasElement, frames: readonly FrameBits[], seconds: number): void {
  const ratio = window.devicePixelRatio;
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext('2d')!;
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(name);
  context.fillStyle = colour('--line');
  context.fillRect(0, height - ratio, width, ratio);
  const largest = frames.reduce((most, { bits }) => Math.max(most, bits), 1);
  // Bars of an even width, with a gap where there is room for one.
  const each = (width * frameSeconds(frames)) / seconds;
  const bar = Math.max(ratio, each > 4 * ratio ? each - ratio : each);
  // Key frames last, so that their neighbours do not hide them.
  for (const isKey of [false, true]) {
    context.fillStyle = colour(isKey ? '--key' : '--inter');
    for (const frame of frames) {
      if (frame.isKey !== isKey) continue;
      const size = Math.max(ratio, Math.sqrt(frame.bits / largest) * (height - 2 * ratio));
      const left = (frame.time / seconds) * width;
      context.fillRect(left, height - size, isKey ? Math.max(bar, 2 * ratio) : bar, size);
    }
  }
}

/** The usual time from frame to frame. */
function frameSeconds(frames: readonly FrameBits[]): number {
  const steps = frames.slice(1, 50).map(({ time }, at) => time - frames[at]!.time);
  return steps.sort((a, b) => a - b)[steps.length >> 1] ?? 0.04;
}

/** The frame that is shown at a time. */
function frameAt(frames: readonly FrameBits[], seconds: number): FrameBits | null {
  let found: FrameBits | null = null;
  for (const frame of frames) {
    if (frame.time > seconds + 1e-6) break;
    found = frame;
  }
  return found !== null && seconds - found.time < 2 * frameSeconds(frames) ? found : null;
}

function describe(canvas: HTMLCanvasElement, frames: readonly FrameBits[]): void {
  const text = byId('bits-text');
  if (frames.length === 0) {
    text.textContent = 'The chart grows with the frames that are decoded.';
    canvas.setAttribute('aria-label', 'Bits per frame: none yet');
    return;
  }
  const sum = frames.reduce((total, { bits }) => total + bits, 0);
  const largest = frames.reduce((most, { bits }) => Math.max(most, bits), 0);
  const keys = frames.filter(({ isKey }) => isKey).length;
  const summary = `${countOf(frames.length, 'frame')} decoded, of them ${countOf(keys, 'key frame')}; mean ${bitsText(sum / frames.length)}, largest ${bitsText(largest)}.`;
  text.textContent = `${summary} The height of a bar is the square root of its bits.`;
  canvas.setAttribute('aria-label', `Bits per frame: ${summary}`);
}
