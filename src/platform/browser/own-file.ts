/** Returns the address of a file that the build puts beside this module: scripts of threads, `kernels.wasm`. */
export function ownFile(name: string): string {
  return new URL(`./${name}`, import.meta.url).href;
}
