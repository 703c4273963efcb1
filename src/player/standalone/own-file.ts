/** Takes the place of `platform/browser/own-file.ts` in the page that is one file: files have addresses of their own. */
export function ownFile(name: string): string {
  return (globalThis as unknown as { tesseraFiles: Readonly<Record<string, string>> }).tesseraFiles[name]!;
}
