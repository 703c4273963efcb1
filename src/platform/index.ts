/**
 * What a decoder needs of the program that runs it: threads, onnxruntime, files of packs, checksums. The rest of the
 * decoder imports this file alone, so that another platform replaces only the folder that it names.
 */
export type * from './contract.js';
export * from './node/index.js';
