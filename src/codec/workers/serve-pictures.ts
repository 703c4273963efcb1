import { BitstreamError } from '../../errors.js';
import { planeBuffers } from '../planes.js';
import type { DecodedPicture, DecoderRequest, DecoderResponse, FrameArrays } from './messages.js';
import { serveRequests, type Served } from '../../threads/serve.js';

/** Makes the picture of a frame; throws BitstreamError if it differs from the encoder's picture. */
export type PictureMaker<Tokens> = (request: DecoderRequest<Tokens>) => Promise<DecodedPicture>;

/** Answers requests for pictures. After damage it makes no picture before the next key frame. */
export function servePictures<Tokens extends FrameArrays>(
  prepare: (setup: never) => Promise<PictureMaker<Tokens>>,
): void {
  serveRequests(async (setup: never) => {
    const makePicture = await prepare(setup);
    let broken: string | null = null;
    return async (request: DecoderRequest<Tokens>): Promise<Served<DecoderResponse>> => {
      if (request.header.kind === 'key') broken = null;
      if (broken !== null) return { response: { kind: 'lost', reason: broken } };
      try {
        const picture = await makePicture(request);
        return {
          response: { kind: 'picture', ...picture },
          transfer: [...planeBuffers(picture.planes), picture.side.buffer],
        };
      } catch (error) {
        if (!(error instanceof BitstreamError)) throw error;
        broken = 'a frame it depends on was lost';
        return { response: { kind: 'lost', reason: error.message } };
      }
    };
  });
}
