// Worker threads load compiled files, so what uses them is tested as it is built in dist/.
import type * as decoderModule from '../../src/codec/decoder.js';
import type * as encoderModule from '../../src/codec/encoder.js';

export async function load<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../../dist/src/${path}`, import.meta.url).href)) as Module;
}

export const { Decoder } = await load<typeof decoderModule>('codec/decoder.js');
export const { Encoder } = await load<typeof encoderModule>('codec/encoder.js');
