import { BitstreamError } from '../../errors.js';
import { planeBuffers } from '../planes.js';
import { DEPENDS_ON_LOSS } from '../slot-marks.js';
import {
  tokenBuffers,
  type DecodedPicture,
  type DecoderRequest,
  type DecoderResponse,
  type FrameArrays,
  type WorkerSetup,
} from './messages.js';
import { SlotDamage, type MendableSlots } from './slot-damage.js';
import { serveRequests, type Served } from '../../threads/serve.js';

/** Makes the pictures of frames, in coding order. */
export interface PictureMaker<Tokens> extends MendableSlots {
  /** Makes the picture of a frame; throws BitstreamError if it differs from the encoder's picture. */
  make(request: DecoderRequest<Tokens>): Promise<DecodedPicture>;
}

/**
 * Answers requests for pictures. After damage it makes no picture before the next key frame. In resilient streams, it
 * makes all pictures whose key frame it has; those that depend on a lost frame are damaged.
 */
export function servePictures<Tokens extends FrameArrays>(
  prepare: (setup: never) => Promise<PictureMaker<Tokens>>,
): void {
  serveRequests(async (setup: never) => {
    const maker = await prepare(setup);
    const { isResilient = false } = setup as WorkerSetup;
    const slots = new SlotDamage(maker);
    let broken: string | null = null;
    return async (request: DecoderRequest<Tokens>): Promise<Served<DecoderResponse<Tokens>>> => {
      const { header } = request;
      const isKey = header.kind === 'key';
      if (isKey) broken = null;
      if (broken !== null) return { response: { kind: 'lost', reason: broken } };
      const isDamaged = isResilient && slots.prepare(header, request.marks);
      try {
        const picture = await maker.make(isDamaged ? { ...request, checksum: null } : request);
        slots.keep(header, isDamaged);
        return {
          response: { kind: 'picture', isDamaged, ...picture, spent: request.tokens },
          transfer: [...planeBuffers(picture.planes), picture.side.buffer, ...tokenBuffers(request.tokens)],
        };
      } catch (error) {
        if (!(error instanceof BitstreamError)) throw error;
        if (isKey || !isResilient) broken = DEPENDS_ON_LOSS;
        slots.lose(header);
        return { response: { kind: 'lost', reason: error.message } };
      }
    };
  });
}
