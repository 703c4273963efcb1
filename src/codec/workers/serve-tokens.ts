import { BitstreamError } from '../../errors.js';
import type { FrameHeader } from '../frame-header.js';
import { DEPENDS_ON_LOSS, joinMarks, SlotMarks, splitMarks } from '../slot-marks.js';
import { tokenBuffers, type FrameArrays, type TokenRequest, type TokenResponse, type WorkerSetup } from './messages.js';
import { release } from '../../platform/threads.js';
import { serveRequests, type Served } from '../../threads/serve.js';

/** Converts tokens to the bytes of packets and back, frame by frame in coding order. */
export interface TokenByteCodec<Tokens> {
  write(header: FrameHeader, tokens: Tokens): Promise<Uint8Array>;
  /**
   * Throws BitstreamError if the bytes are not a frame of this stream. In resilient streams, `isBeforeKnown` is false if
   * a frame that it refers to was not read. The memory of `spare` may be used again.
   */
  read(header: FrameHeader, bytes: Uint8Array, isBeforeKnown: boolean, spare?: Tokens): Promise<Tokens>;
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

    const write = async ({
      header,
      tokens,
    }: TokenRequest<Tokens> & { kind: 'write' }): Promise<Uint8Array<ArrayBuffer>> => {
      const bytes = await codec.write(header, tokens);
      release(tokenBuffers(tokens));
      if (!isResilient) return new Uint8Array(bytes);
      const marks = slots.of(header);
      slots.advance(header);
      return joinMarks(marks, bytes);
    };

    const read = async (
      header: FrameHeader,
      bytes: Uint8Array,
      spare: Tokens | undefined,
    ): Promise<TokenResponse<Tokens> & { kind: 'tokens' }> => {
      if (!isResilient) return { kind: 'tokens', tokens: await codec.read(header, bytes, true, spare), marks: [] };
      const { marks, rest } = splitMarks(header, bytes);
      const held = slots.of(header);
      const isBeforeKnown = marks.every((mark, index) => mark === held[index]);
      // Until it is read, its slot holds nothing that is known.
      if (header.refreshSlot !== null) slots.set(header.refreshSlot, undefined);
      const tokens = await codec.read(header, rest, isBeforeKnown, spare);
      slots.advance(header);
      return { kind: 'tokens', tokens, marks };
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
            const response = await read(request.header, request.bytes, request.spare);
            return { response, transfer: tokenBuffers(response.tokens) };
          } catch (error) {
            if (!(error instanceof BitstreamError)) throw error;
            if (isKey || !isResilient) broken = DEPENDS_ON_LOSS;
            return { response: { kind: 'lost', reason: error.message } };
          } finally {
            release([request.bytes.buffer as ArrayBuffer]);
          }
        }
      }
    };
  });
}
