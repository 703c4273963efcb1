/** Returns an address as it is meant: relative to the page or, in a worker, to the script. */
export function resolveAddress(given: string | URL): string {
  const { document } = globalThis as { readonly document?: Document };
  return new URL(given, document?.baseURI ?? globalThis.location.href).href;
}
