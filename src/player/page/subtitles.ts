import { byId, say, type TesseraVideo } from './dom.js';

/** Connects the list of subtitles; returns a function that takes the next track, or none. */
export function connectSubtitles(video: TesseraVideo): () => void {
  const list = byId('subtitles', HTMLSelectElement);
  // Browsers cannot remove tracks: those of earlier streams stay at the begin of the list.
  let first = 0;
  const tracks = (): TextTrack[] => [...video.textTracks].slice(first);
  const show = (): void => {
    const all = tracks();
    list.hidden = all.length === 0;
    list.replaceChildren(
      new Option('No subtitles', '-1'),
      ...all.map((track, at) => new Option(nameOf(track, at), String(at))),
    );
    list.value = String(all.findIndex(({ mode }) => mode === 'showing'));
  };
  const choose = (chosen: number): void => {
    for (const [at, track] of tracks().entries()) track.mode = at === chosen ? 'showing' : 'disabled';
    list.value = String(chosen);
    say(chosen < 0 ? 'No subtitles' : `Subtitles: ${list.selectedOptions[0]!.text}`);
  };
  list.addEventListener('change', () => choose(Number(list.value)));
  video.addEventListener('loadstart', () => {
    first = video.textTracks.length;
    show();
  });
  video.addEventListener('loadedmetadata', show);
  video.textTracks.addEventListener('change', show);
  show();
  return () => {
    const count = tracks().length;
    if (count === 0) say('This video has no subtitles');
    else choose(((Number(list.value) + 2) % (count + 1)) - 1);
  };
}

/** The title of a track, or its language in English. */
function nameOf({ label, language }: TextTrack, at: number): string {
  if (label !== '') return label;
  try {
    return new Intl.DisplayNames('en', { type: 'language' }).of(language) ?? language;
  } catch {
    return `Track ${at + 1}`;
  }
}
