/**
 * The part of the WebAssembly API that the kernels' wrapper uses. Node has it as a global, but TypeScript describes it
 * only in its browser library, whose other names must not be in scope here.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: ArrayBufferView | ArrayBuffer);
  }
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
    /** Grows by `pages` of 64 KiB; gives the size before. Older views of `buffer` end where they did. */
    grow(pages: number): number;
  }
  class Instance {
    constructor(module: Module, imports?: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
}
