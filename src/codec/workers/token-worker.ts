import { workerData } from 'node:worker_threads';
import { BitstreamError } from '../../errors.js';
import { Graph, type Device } from '../../model/graph.js';
import type { PackTables } from '../../model/pack-tables.js';
import type { FrameHead } from '../frame-head.js';
import { FrameTokens, Geometry, tokenBuffers, type TokenArrays } from '../frame-tokens.js';
import { TokenCodec } from '../token-codec.js';
import { release } from './release.js';
import { serveRequests, type Served } from './serve.js';

/** What the token worker is made of. */
export interface TokenSetup {
  readonly width: number;
  readonly height: number;
  readonly tables: PackTables;
  readonly priorFirst: Uint8Array;
  readonly priorSecond: Uint8Array;
  readonly device: Device;
  readonly threads: number;
}

/** Tokens to bytes, bytes to tokens, or the news that packets were lost. */
export type TokenRequest =
  | { readonly kind: 'write'; readonly head: FrameHead; readonly tokens: TokenArrays }
  | { readonly kind: 'read'; readonly head: FrameHead; readonly bytes: Uint8Array }
  | { readonly kind: 'lost' };

/** The answer of the same kind; `lost` says why a frame cannot be read, from the damage to the next key frame. */
export type TokenResponse =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'tokens'; readonly tokens: TokenArrays }
  | { readonly kind: 'lost'; readonly reason: string };

const setup = workerData as TokenSetup;

serveRequests(async () => {
  const geometry = new Geometry(setup.width, setup.height);
  const { device, threads } = setup;
  const first = await Graph.create(setup.priorFirst, { device, threads }, release);
  const second = await Graph.create(setup.priorSecond, { device, threads }, release);
  const codec = new TokenCodec(geometry, setup.tables, { first, second });
  let broken: string | null = 'no key frame came before it';
  return async (request: TokenRequest): Promise<Served<TokenResponse>> => {
    switch (request.kind) {
      case 'write': {
        const written = await codec.write(request.head, FrameTokens.adopt(geometry, request.tokens));
        const bytes = new Uint8Array(written);
        release(tokenBuffers(request.tokens));
        return { response: { kind: 'bytes', bytes }, transfer: [bytes.buffer] };
      }
      case 'lost':
        broken = 'a frame it depends on was lost';
        return { response: { kind: 'lost', reason: broken } };
      case 'read': {
        if (request.head.kind === 'key') broken = null;
        if (broken !== null) return { response: { kind: 'lost', reason: broken } };
        try {
          const tokens = (await codec.read(request.head, request.bytes)).arrays();
          return { response: { kind: 'tokens', tokens }, transfer: tokenBuffers(tokens) };
        } catch (error) {
          if (!(error instanceof BitstreamError)) throw error;
          broken = 'a frame it depends on was lost';
          return { response: { kind: 'lost', reason: error.message } };
        }
      }
    }
  };
});
