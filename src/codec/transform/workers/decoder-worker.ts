import { Kernels } from '../../../kernels/kernels.js';
import { openNetwork } from '../../../model/open-network.js';
import type { PackTables } from '../pack-tables.js';
import { FrameTokens, Geometry, type TokenArrays } from '../frame-tokens.js';
import { sidePlanes } from '../loop-filter.js';
import { loopChecksum, requireChecksum } from '../../loop-checksum.js';
import { PictureDecoder } from '../picture-decoder.js';
import type { WorkerSetup } from '../../workers/messages.js';
import { release } from '../../../platform/threads.js';
import { servePictures } from '../../workers/serve-pictures.js';

/** The setup of the decoder worker. */
export interface DecoderSetup extends WorkerSetup {
  readonly tables: PackTables;
  readonly loopFilter: Uint8Array;
}

servePictures<TokenArrays>(async (setup: DecoderSetup) => {
  const { device, threads, tables } = setup;
  const geometry = new Geometry(setup.width, setup.height);
  const loopFilter = await openNetwork(setup.loopFilter, { device, threads }, release);
  const decoder = new PictureDecoder(new Kernels(), geometry, tables, loopFilter);
  let attenuation = 0;
  return {
    make: async ({ header, tokens: arrays, checksum, spare }) => {
      const tokens = FrameTokens.adopt(geometry, arrays);
      const planes = await decoder.decode(header, tokens, spare);
      if (checksum !== null) requireChecksum(loopChecksum(planes), checksum);
      const side = sidePlanes(header, tokens);
      if (header.kind === 'key') attenuation = header.variant;
      return { planes, side, attenuation };
    },
    mend: (slot, pts, wanted) => {
      decoder.mend(slot, pts, wanted);
    },
  };
});
