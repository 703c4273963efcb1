// Worker threads load compiled files, so what uses them is tested as it is built in dist/.
import type * as exportModule from '../../../src/pipeline/tokens/export-tokens.js';
import type * as importModule from '../../../src/pipeline/tokens/import-tokens.js';
import type * as readModule from '../../../src/pipeline/tokens/read-tokens.js';
import type * as writeModule from '../../../src/pipeline/tokens/write-tokens.js';

async function load<Module>(name: string): Promise<Module> {
  return (await import(new URL(`../../../dist/src/pipeline/tokens/${name}`, import.meta.url).href)) as Module;
}

export const { exportTokens } = await load<typeof exportModule>('export-tokens.js');
export const { importTokens } = await load<typeof importModule>('import-tokens.js');
export const { readTokens } = await load<typeof readModule>('read-tokens.js');
export const { writeTokens } = await load<typeof writeModule>('write-tokens.js');
