import { workerData } from 'node:worker_threads';
import { BitstreamError } from '../../errors.js';
import { Kernels } from '../../kernels/kernels.js';
import { Graph, type Device } from '../../model/graph.js';
import type { PackTables } from '../../model/pack-tables.js';
import type { FrameHead } from '../frame-head.js';
import { FrameTokens, Geometry, tokenBuffers, type TokenArrays } from '../frame-tokens.js';
import { sidePlanes } from '../loop-filter.js';
import { loopChecksum } from '../loop-checksum.js';
import { PictureDecoder } from '../picture-decoder.js';
import { planeBuffers, type Planes } from '../picture.js';
import { release } from './release.js';
import { serveRequests, type Served } from './serve.js';

/** What the decoder worker is made of. */
export interface DecoderSetup {
  readonly width: number;
  readonly height: number;
  readonly tables: PackTables;
  readonly loopFilter: Uint8Array;
  readonly device: Device;
  readonly threads: number;
}

/** Tokens of one frame in coding order; the checksum its loop picture must have, if known. */
export interface DecoderRequest {
  readonly head: FrameHead;
  readonly tokens: TokenArrays;
  readonly checksum: number | null;
}

/** The loop picture and the post-filter's side input, or why the picture cannot be shown. */
export type DecoderResponse =
  | { readonly kind: 'picture'; readonly planes: Planes; readonly side: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'lost'; readonly reason: string };

const setup = workerData as DecoderSetup;

serveRequests(async () => {
  const { device, threads, tables } = setup;
  const geometry = new Geometry(setup.width, setup.height);
  const loopFilter = await Graph.create(setup.loopFilter, { device, threads }, release);
  const decoder = new PictureDecoder(new Kernels(), geometry, tables, loopFilter);
  let broken: string | null = null;
  return async ({ head, tokens: arrays, checksum }: DecoderRequest): Promise<Served<DecoderResponse>> => {
    if (head.kind === 'key') broken = null;
    if (broken !== null) return { response: { kind: 'lost', reason: broken } };
    try {
      const tokens = FrameTokens.adopt(geometry, arrays);
      const planes = await decoder.decode(head, tokens);
      if (checksum !== null && loopChecksum(planes) !== checksum) {
        throw new BitstreamError('the loop picture has another checksum than the encoder had', {
          field: 'loopChecksum',
        });
      }
      const side = sidePlanes(head, tokens);
      release(tokenBuffers(arrays));
      return {
        response: { kind: 'picture', planes, side },
        transfer: [...planeBuffers(planes), side.buffer],
      };
    } catch (error) {
      if (!(error instanceof BitstreamError)) throw error;
      broken = 'a frame it depends on was lost';
      return { response: { kind: 'lost', reason: error.message } };
    }
  };
});
