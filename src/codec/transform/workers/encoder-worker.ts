import { EnvironmentError } from '../../../errors.js';
import { Kernels } from '../../../kernels/kernels.js';
import { openNetwork } from '../../../model/open-network.js';
import type { PackTables } from '../pack-tables.js';
import { ATTENUATION } from '../attenuation.js';
import { AttenuationChoice } from '../encoder/attenuation-choice.js';
import { PictureEncoder } from '../encoder/picture-encoder.js';
import { settingsOf } from '../encoder/presets.js';
import type { FramePlan } from '../encoder/frame-plan.js';
import type { SequenceOptions } from '../../sequence-options.js';
import { Geometry, type TokenArrays } from '../frame-tokens.js';
import { loopChecksum } from '../../loop-checksum.js';
import { allocatePlanes, planeBuffers } from '../../planes.js';
import { DecisionWorkers } from './decision-workers.js';
import { tokenBuffers, type EncodedTokens, type WorkerSetup } from '../../workers/messages.js';
import { availableParallelism, release } from '../../../platform/threads.js';
import { serveRequests, type Served } from '../../../threads/serve.js';

/** The setup of the encoder worker. */
export interface EncoderSetup extends WorkerSetup {
  readonly tables: PackTables;
  readonly loopFilter: Uint8Array;
  /** The pack's post-filter `lpips`, if it has one. */
  readonly postFilter: Uint8Array | undefined;
  readonly options: SequenceOptions;
}

/** The largest number of threads that decide a frame. All other work for a frame runs in one thread. */
const MAX_DECIDING = 4;

serveRequests(async (setup: EncoderSetup) => {
  const { device, threads, tables, options } = setup;
  const geometry = new Geometry(setup.width, setup.height);
  const deciding = options.searchThreads ?? Math.min(availableParallelism(), MAX_DECIDING);
  const helpers = new DecisionWorkers(Math.min(deciding, geometry.regionRows) - 1);
  const loopFilter = await openNetwork(setup.loopFilter, { device, threads }, release);
  const settings = settingsOf(options.tune, options.preset);
  const { isResilient } = options;
  const encoder = new PictureEncoder(new Kernels(), geometry, tables, loopFilter, settings, helpers, isResilient);
  const { attenuation: given } = options;
  const { choice, note } = await openChoice(geometry, setup);
  await helpers.ready();
  const spare = allocatePlanes(geometry.codedWidth, geometry.codedHeight);
  return async (plan: FramePlan): Promise<Served<EncodedTokens<TokenArrays>>> => {
    const { display, picture, source, header: wanted, qOffset, hints } = plan;
    const { header: decided, tokens, loop } = await encoder.encode(source, wanted, qOffset, hints, spare);
    const header =
      decided.kind === 'key'
        ? { ...decided, variant: (await choice?.choose(decided, tokens, loop, picture)) ?? given ?? ATTENUATION.none }
        : decided;
    const arrays = tokens.arrays();
    const checksum = loopChecksum(loop);
    if (source !== picture) release(planeBuffers(source));
    return {
      response: { display, header, tokens: arrays, loopChecksum: checksum, note, spent: picture },
      transfer: [...tokenBuffers(arrays), ...planeBuffers(picture)],
    };
  };
});

/** Opens what chooses the post-filter's attenuation; null if that is given, the pack has none, or it cannot be opened. */
async function openChoice(
  geometry: Geometry,
  { postFilter, device, threads, options }: EncoderSetup,
): Promise<{ readonly choice: AttenuationChoice | null; readonly note?: string }> {
  if (postFilter === undefined || options.attenuation !== undefined) return { choice: null };
  try {
    return { choice: await AttenuationChoice.open(geometry, postFilter, { device, threads }) };
  } catch (error) {
    if (!(error instanceof EnvironmentError) || device !== 'cpu') throw error;
    return { choice: null, note: `the post-filter is not adapted to the pictures: ${error.message}` };
  }
}
