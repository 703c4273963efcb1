// Codecs run worker threads, which load compiled files: they are tested as they are built in dist/.
import type * as findCodecModule from '../../codecs/find-codec.js';

export const { findCodec } = (await import(
  new URL('../../dist/codecs/find-codec.js', import.meta.url).href
)) as typeof findCodecModule;
