import { byId, say, type TesseraVideo } from './dom.js';
import { bytesText, timeText } from './text.js';

/** Connects the address's query, the file buttons and the drop area; returns what opens the choice of a file. */
export function connectSources(video: TesseraVideo): () => void {
  const file = byId('file', HTMLInputElement);
  const choose = (): void => file.click();
  for (const id of ['open-file', 'invite-open']) byId(id).addEventListener('click', choose);
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    if (chosen !== undefined) playFile(video, chosen);
    file.value = '';
  });
  connectDrop(video);
  showFacts(video);

  const query = new URLSearchParams(location.search);
  const [src, filter] = [query.get('src'), query.get('post-filter')];
  if (filter === 'none' || filter === 'lpips') video.postFilter = filter;
  if (src === null || src === '') byId('invite').hidden = false;
  else {
    const wantsStillness = matchMedia('(prefers-reduced-motion: reduce)').matches;
    load(video, src, nameOf(src), query.has('autoplay') && !wantsStillness);
  }
  return choose;
}

let fileUrl: string | null = null;

function playFile(video: TesseraVideo, file: File): void {
  const before = fileUrl;
  fileUrl = URL.createObjectURL(file);
  load(video, fileUrl, file.name, true);
  if (before !== null) URL.revokeObjectURL(before);
}

function load(video: TesseraVideo, src: string, name: string, plays: boolean): void {
  byId('invite').hidden = true;
  byId('name').textContent = name;
  byId('facts').textContent = '';
  document.title = `${name} – tessera player`;
  video.src = src;
  // A browser that wants a click before sound leaves it paused; the element tells errors in its own event.
  if (plays) video.play().catch(() => undefined);
}

function nameOf(address: string): string {
  const last = address.split(/[?#]/, 1)[0]!.split('/').at(-1)!;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

function connectDrop(video: TesseraVideo): void {
  const area = byId('drop');
  // Elements below the pointer come and go while a file is dragged over the page.
  let depth = 0;
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
  document.addEventListener('dragenter', (event) => {
    if (!hasFiles(event)) return;
    depth++;
    area.hidden = false;
  });
  document.addEventListener('dragleave', (event) => {
    if (hasFiles(event) && --depth <= 0) area.hidden = true;
  });
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    depth = 0;
    area.hidden = true;
    const dropped = event.dataTransfer?.files[0];
    if (dropped === undefined) return;
    playFile(video, dropped);
    say(`Playing ${dropped.name}`);
  });
}

function showFacts(video: TesseraVideo): void {
  const show = (): void => {
    const { info, duration, videoWidth, videoHeight } = video;
    if (info === null) return;
    byId('player').style.setProperty('--ratio', String(videoWidth / videoHeight));
    const { width, height, frameRate, byteLength, packName } = info;
    const isKnown = byteLength !== null && Number.isFinite(duration) && duration > 0;
    const facts = [
      `${width}×${height}`,
      `${Math.round(frameRate * 100) / 100} fps`,
      ...(Number.isFinite(duration) ? [timeText(duration)] : []),
      ...(byteLength === null ? [] : [bytesText(byteLength)]),
      ...(isKnown ? [`${Math.round((byteLength * 8) / duration / 1000).toLocaleString('en')} kbit/s`] : []),
      packName,
    ];
    byId('facts').replaceChildren(
      ...facts.flatMap((fact, at) => {
        const part = document.createElement('span');
        part.textContent = at < facts.length - 1 ? `${fact} ·` : fact;
        return [part, ' '];
      }),
    );
  };
  for (const event of ['loadedmetadata', 'durationchange', 'resize']) video.addEventListener(event, show);
}
