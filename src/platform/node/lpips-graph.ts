import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, firstLine } from '../../errors.js';
import { packageFolder } from './package-folder.js';

/** Path of the package's own LPIPS graph. */
export function lpipsGraphPath(): string {
  return join(packageFolder() ?? '.', 'models', 'lpips-alex', 'lpips-alex.onnx');
}

/**
 * Reads an LPIPS graph: inputs `a`, `b` float32 [N, 3, height, width], RGB in -1..1; output `d` float32 [N].
 *
 * @param path default: the package's own.
 * @throws EnvironmentError if it cannot be read.
 */
export async function readLpipsGraph(path = lpipsGraphPath()): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new EnvironmentError(`cannot read the LPIPS graph ${path} (${firstLine(error)})`, { cause: error });
  }
}
