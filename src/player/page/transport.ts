import { byId, fillRange, say, setIcon, type TesseraVideo } from './dom.js';
import { lengthText, spokenTime, timeText } from './text.js';

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];

/** What buttons and keys do with the position. */
export interface Transport {
  toggle(): void;
  step(step: 1 | -1): void;
  /** Goes on or back by seconds. */
  skip(seconds: number): void;
  /** Goes to a share of the video, 0..1. */
  goTo(share: number): void;
  /** Takes the next speed (1) or the one before (-1). */
  changeSpeed(step: 1 | -1): void;
  toggleLoop(): void;
}

/** Connects play button, position, frame steps, speed and loop. */
export function connectTransport(video: TesseraVideo): Transport {
  const toggle = (): void => {
    if (video.paused) {
      // The element tells errors in its own event.
      video.play().catch(() => undefined);
    } else {
      video.pause();
      say(`Paused at ${timeText(video.currentTime)}`);
    }
  };
  const seekTo = connectSeekBar(video);
  const transport: Transport = {
    toggle,
    step: (step) => {
      video.stepFrame(step).then(
        () => say(`Frame at ${((video.readFrame()?.timestamp ?? 0) / 1e6).toFixed(3)} s`),
        () => undefined,
      );
    },
    skip: (seconds) => seekTo(video.currentTime + seconds),
    goTo: (share) => seekTo(share * video.duration),
    changeSpeed: (step) => {
      const at = SPEEDS.findIndex((speed) => speed >= video.playbackRate);
      video.playbackRate = SPEEDS[at + step] ?? video.playbackRate;
      say(`Speed ${video.playbackRate}`);
    },
    toggleLoop: () => {
      video.loop = !video.loop;
      byId('loop').setAttribute('aria-pressed', String(video.loop));
      say(video.loop ? 'Loop on' : 'Loop off');
    },
  };
  connectPlayButtons(video, toggle);
  connectSpeed(video);
  byId('step-back').addEventListener('click', () => transport.step(-1));
  byId('step-on').addEventListener('click', () => transport.step(1));
  byId('loop').addEventListener('click', () => transport.toggleLoop());
  return transport;
}

function connectPlayButtons(video: TesseraVideo, toggle: () => void): void {
  const [play, big, spinner] = [byId('play'), byId('big-play'), byId('spinner')];
  const show = (): void => {
    const [icon, label] = !video.paused ? ['pause', 'Pause'] : video.ended ? ['again', 'Play again'] : ['play', 'Play'];
    for (const button of [play, big]) {
      setIcon(button, icon);
      button.setAttribute('aria-label', label);
    }
    play.title = `${label} (space)`;
    big.hidden = !video.paused || video.readyState === 0;
    spinner.hidden = video.error !== null || video.networkState === 0 || (video.readyState >= 2 && !isWaiting);
  };
  let isWaiting = false;
  for (const event of ['waiting', 'seeking']) {
    video.addEventListener(event, () => {
      isWaiting = true;
      showLater();
    });
  }
  for (const event of ['playing', 'seeked', 'canplay', 'frame', 'pause', 'ended', 'emptied']) {
    video.addEventListener(event, () => {
      if (!isWaiting && event === 'frame') return;
      isWaiting = false;
      show();
    });
  }
  for (const event of ['play', 'loadstart', 'loadedmetadata', 'loadeddata', 'error']) {
    video.addEventListener(event, show);
  }
  // Short waits need no spinner.
  const showLater = (): void => void setTimeout(show, 200);
  play.addEventListener('click', toggle);
  big.addEventListener('click', toggle);
  video.addEventListener('click', toggle);
  show();
}

/** Returns a function that seeks. It waits for a running seek, so that dragging does not queue up seeks. */
function connectSeekBar(video: TesseraVideo): (seconds: number) => void {
  const seek = byId('seek', HTMLInputElement);
  let wanted: number | null = null;
  /** The time that the latest seek aims at. */
  let sought: number | null = null;
  const seekNow = (): void => {
    sought = wanted;
    video.currentTime = wanted!;
  };
  const show = (): void => {
    const { duration, seekable } = video;
    const end = Number.isFinite(duration) ? duration : seekable.length > 0 ? seekable.end(seekable.length - 1) : 0;
    const now = wanted ?? video.currentTime;
    const isUsable = end > 0;
    if (seek.disabled === isUsable) seek.disabled = !isUsable;
    seek.max = String(isUsable ? end : 1);
    seek.value = String(now);
    fillRange(seek);
    byId('now').textContent = timeText(now);
    byId('length').textContent = lengthText(duration);
  };
  const speak = (): void => {
    const whole = Number.isFinite(video.duration) ? ` of ${spokenTime(video.duration)}` : '';
    seek.setAttribute('aria-valuetext', `${spokenTime(wanted ?? video.currentTime)}${whole}`);
  };
  const seekTo = (seconds: number): void => {
    if (Number.isNaN(video.duration)) return;
    wanted = Math.min(Math.max(0, seconds), video.duration);
    if (!video.seeking) seekNow();
    show();
    speak();
  };
  seek.addEventListener('input', () => seekTo(seek.valueAsNumber));
  video.addEventListener('seeked', () => {
    if (wanted !== sought) seekNow();
    else wanted = sought = null;
    show();
    speak();
  });
  for (const event of ['frame', 'timeupdate', 'durationchange', 'ended']) video.addEventListener(event, show);
  for (const event of ['durationchange', 'play', 'pause', 'ended']) video.addEventListener(event, speak);
  video.addEventListener('emptied', () => {
    wanted = sought = null;
    show();
  });
  for (const event of ['progress', 'durationchange', 'emptied']) {
    video.addEventListener(event, () => seek.style.setProperty('--buffered', bufferedGradient(video)));
  }
  return seekTo;
}

/** The ranges that are loaded, as a CSS gradient. */
function bufferedGradient({ buffered, duration }: TesseraVideo): string {
  const stops: string[] = [];
  const percent = (seconds: number): string => `${((100 * seconds) / duration).toFixed(2)}%`;
  for (let at = 0; at < buffered.length && duration > 0; at++) {
    const [start, end] = [percent(buffered.start(at)), percent(buffered.end(at))];
    stops.push(`transparent ${start}`, `var(--loaded) ${start}`, `var(--loaded) ${end}`, `transparent ${end}`);
  }
  return `linear-gradient(to right, ${stops.length === 0 ? 'transparent, transparent' : stops.join(', ')})`;
}

function connectSpeed(video: TesseraVideo): void {
  const list = byId('speed', HTMLSelectElement);
  list.append(...SPEEDS.map((speed) => new Option(`${speed}×`, String(speed))));
  const show = (): void => void (list.value = String(video.playbackRate));
  list.addEventListener('change', () => (video.playbackRate = Number(list.value)));
  video.addEventListener('ratechange', show);
  show();
}
