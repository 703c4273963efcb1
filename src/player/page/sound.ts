import { byId, fillRange, say, setIcon, type TesseraVideo } from './dom.js';

/** What keys do with the sound. */
export interface Sound {
  toggle(): void;
  /** Changes the volume by percent. */
  change(percent: number): void;
}

/** Connects volume and mute. */
export function connectSound(video: TesseraVideo): Sound {
  const [mute, volume] = [byId('mute', HTMLButtonElement), byId('volume', HTMLInputElement)];
  const show = (): void => {
    const isSilent = video.muted || video.volume === 0;
    setIcon(mute, isSilent ? 'silent' : 'sound');
    mute.setAttribute('aria-pressed', String(video.muted));
    volume.value = String(isSilent ? 0 : Math.round(100 * video.volume));
    volume.setAttribute('aria-valuetext', isSilent ? 'silent' : `${volume.value} %`);
    fillRange(volume);
  };
  const setVolume = (percent: number): void => {
    video.volume = Math.min(100, Math.max(0, percent)) / 100;
    video.muted = false;
  };
  const toggle = (): void => {
    video.muted = !video.muted;
    if (!video.muted && video.volume === 0) video.volume = 0.5;
    say(video.muted ? 'Muted' : 'Sound on');
  };
  volume.addEventListener('input', () => setVolume(volume.valueAsNumber));
  mute.addEventListener('click', toggle);
  video.addEventListener('volumechange', show);
  video.addEventListener('loadedmetadata', () => {
    const hasSound = video.info?.hasSound !== false;
    for (const control of [mute, volume]) control.disabled = !hasSound;
    mute.title = hasSound ? 'Mute (m)' : 'This video has no sound';
  });
  show();
  return {
    toggle,
    change: (percent) => {
      setVolume(Math.round(100 * video.volume) + percent);
      say(`Volume ${Math.round(100 * video.volume)} %`);
    },
  };
}
