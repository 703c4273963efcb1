import { BitstreamError } from '../../errors.js';
import type { FrameHeader } from '../frame-header.js';
import { DEPENDS_ON_LOSS, referencesOf, SlotMarks } from '../slot-marks.js';
import { tokenBuffers, type FrameArrays, type TokenRequest, type TokenResponse, type WorkerSetup } from './messages.js';
import { release } from '../../platform/threads.js';
import { serveRequests, type Served } from '../../threads/serve.js';

/** Converts tokens to the bytes of packets and back, frame by frame in coding order. */
export interface TokenByteCodec<Tokens> {
  write(header: FrameHeader, tokens: Tokens): Promise<Uint8Array>;
  /** Throws BitstreamError if the bytes are not a frame of this stream. */
  read(header: FrameHeader, bytes: Uint8Array): Promise<Tokens>;
}

/**
 * Answers token requests with a codec. After damage it reads nothing before the next key frame. In resilient streams, it
 * reads all frames whose key frame it has read; before the bytes of the codec stand the marks of the references.
 */
export function serveTokens<Tokens extends FrameArrays>(
  prepare: (setup: never) => Promise<TokenByteCodec<Tokens>>,
): void {
  serveRequests(async (setup: never) => {
    const codec = await prepare(setup);
    const { isResilient = false } = setup as WorkerSetup;
    const slots = new SlotMarks();
    let broken: string | null = 'no key frame came before it';

    const write = async ({ header, tokens }: TokenRequest<Tokens> & { kind: 'write' }): Promise<Uint8Array<ArrayBuffer>> => {
      const bytes = await codec.write(header, tokens);
      release(tokenBuffers(tokens));
      if (!isResilient) return new Uint8Array(bytes);
      const marks = slots.of(header);
      slots.advance(header);
      const all = new Uint8Array(marks.length + bytes.length);
      all.set(marks.map((mark) => mark ?? 0));
      all.set(bytes, marks.length);
      return all;
    };

    const read = async (header: FrameHeader, bytes: Uint8Array): Promise<TokenResponse<Tokens> & { kind: 'tokens' }> => {
      const count = isResilient ? referencesOf(header).length : 0;
      if (bytes.length < count) throw new BitstreamError('the packet ends within its marks', { field: 'tokens' });
      const tokens = await codec.read(header, bytes.subarray(count));
      return { kind: 'tokens', tokens, marks: Array.from(bytes.subarray(0, count)) };
    };

    return async (request: TokenRequest<Tokens>): Promise<Served<TokenResponse<Tokens>>> => {
      switch (request.kind) {
        case 'write': {
          const bytes = await write(request);
          return { response: { kind: 'bytes', bytes }, transfer: [bytes.buffer] };
        }
        case 'lost':
          if (!isResilient) broken = DEPENDS_ON_LOSS;
          return { response: { kind: 'lost', reason: DEPENDS_ON_LOSS } };
        case 'read': {
          const isKey = request.header.kind === 'key';
          if (isKey) broken = null;
          if (broken !== null) return { response: { kind: 'lost', reason: broken } };
          try {
            const response = await read(request.header, request.bytes);
            return { response, transfer: tokenBuffers(response.tokens) };
          } catch (error) {
            if (!(error instanceof BitstreamError)) throw error;
            if (isKey || !isResilient) broken = DEPENDS_ON_LOSS;
            return { response: { kind: 'lost', reason: error.message } };
          }
        }
      }
    };
  });
}
