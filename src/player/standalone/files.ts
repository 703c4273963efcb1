// The files that the page carries, in base64, by the names that they have in dist/player/.
const files = JSON.parse(document.getElementById('files')!.textContent) as Readonly<Record<string, string>>;

/** Returns a file that the page carries; null if it has none of that name. */
export function embeddedFile(name: string): Uint8Array<ArrayBuffer> | null {
  const text = files[name];
  return text === undefined ? null : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

// Threads are started from data addresses: pages from a disk cannot start modules from those of blobs.
const types: Readonly<Record<string, string>> = { js: 'text/javascript', wasm: 'application/wasm' };
(globalThis as unknown as { tesseraFiles: object }).tesseraFiles = Object.fromEntries(
  Object.entries(files)
    .map(([name, text]) => ({ name, text, type: types[name.split('.').at(-1)!] }))
    .filter(({ type }) => type !== undefined)
    .map(({ name, text, type }) => [name, `data:${type};base64,${text}`]),
);
