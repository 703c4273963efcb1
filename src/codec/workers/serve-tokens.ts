import { BitstreamError } from '../../errors.js';
import type { FrameHeader } from '../frame-header.js';
import { tokenBuffers, type FrameArrays, type TokenRequest, type TokenResponse } from './messages.js';
import { release } from '../../platform/threads.js';
import { serveRequests, type Served } from '../../threads/serve.js';

/** Converts tokens to the bytes of packets and back, frame by frame in coding order. */
export interface TokenByteCodec<Tokens> {
  write(header: FrameHeader, tokens: Tokens): Promise<Uint8Array>;
  /** Throws BitstreamError if the bytes are not a frame of this stream. */
  read(header: FrameHeader, bytes: Uint8Array): Promise<Tokens>;
}

/** Answers token requests with a codec. After damage it reads nothing before the next key frame. */
export function serveTokens<Tokens extends FrameArrays>(
  prepare: (setup: never) => Promise<TokenByteCodec<Tokens>>,
): void {
  serveRequests(async (setup: never) => {
    const codec = await prepare(setup);
    let broken: string | null = 'no key frame came before it';
    return async (request: TokenRequest<Tokens>): Promise<Served<TokenResponse<Tokens>>> => {
      switch (request.kind) {
        case 'write': {
          const bytes = new Uint8Array(await codec.write(request.header, request.tokens));
          release(tokenBuffers(request.tokens));
          return { response: { kind: 'bytes', bytes }, transfer: [bytes.buffer] };
        }
        case 'lost':
          broken = 'a frame it depends on was lost';
          return { response: { kind: 'lost', reason: broken } };
        case 'read': {
          if (request.header.kind === 'key') broken = null;
          if (broken !== null) return { response: { kind: 'lost', reason: broken } };
          try {
            const tokens = await codec.read(request.header, request.bytes);
            return { response: { kind: 'tokens', tokens }, transfer: tokenBuffers(tokens) };
          } catch (error) {
            if (!(error instanceof BitstreamError)) throw error;
            broken = 'a frame it depends on was lost';
            return { response: { kind: 'lost', reason: error.message } };
          } finally {
            release([request.bytes.buffer as ArrayBuffer]);
          }
        }
      }
    };
  });
}
