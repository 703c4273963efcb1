import { expect, test } from '@jest/globals';
import { ATTENUATION, attenuatePicture } from '../../../../src/codec/transform/attenuation.js';
import { AttenuationChoice } from '../../../../src/codec/transform/encoder/attenuation-choice.js';
import { FrameTokens, Geometry } from '../../../../src/codec/transform/frame-tokens.js';
import { runPostFilter, sidePlanes } from '../../../../src/codec/transform/loop-filter.js';
import type { FrameHeader } from '../../../../src/codec/frame-header.js';
import type { Planes } from '../../../../src/codec/planes.js';
import { Graph } from '../../../../src/model/graph.js';
import { loadPack } from '../../../../src/model/pack.js';
import { seededRandom } from '../../../entropy/random.js';

const OPTIONS = { device: 'cpu', threads: 1 } as const;
const HEADER: FrameHeader = {
  ...{ kind: 'key', q: 16, referenceSlot0: null, referenceSlot1: null, refreshSlot: 0, variant: 0 },
  ...{ hasQOffsets: false, hasLoopFilter: false, pts: 0n },
};
const postFilter = (await loadPack('tessera-nano')).graphs.get('post-filter-lpips')!;

/** Slopes with some grain and edges: the filter changes them by more than one. */
function pictureOf({ codedWidth, codedHeight }: Geometry): Planes {
  const random = seededRandom(7);
  const plane = (width: number, height: number) =>
    Uint8Array.from({ length: width * height }, (_, at) => {
      const [row, column] = [Math.floor(at / width), at % width];
      const edge = ((row >> 4) + (column >> 4)) % 2 === 0 ? 30 : 0;
      return Math.round(80 + column / 4 + edge + 6 * random());
    });
  return {
    y: plane(codedWidth, codedHeight),
    u: plane(codedWidth / 2, codedHeight / 2),
    v: plane(codedWidth / 2, codedHeight / 2),
  };
}

test.each(['none', 'small', 'half'] as const)(
  'finds that the source is the picture with attenuation %s',
  async (name) => {
    const geometry = new Geometry(208, 176);
    const tokens = new FrameTokens(geometry);
    const loop = pictureOf(geometry);
    const graph = await Graph.create(postFilter, OPTIONS);
    const source = await runPostFilter(graph, geometry, loop, sidePlanes(HEADER, tokens));
    attenuatePicture(loop, source, ATTENUATION[name]);
    await using choice = await AttenuationChoice.open(geometry, postFilter, OPTIONS);
    expect(await choice.choose(HEADER, tokens, loop, source)).toBe(ATTENUATION[name]);
    await graph[Symbol.asyncDispose]();
  },
);

test.each([
  [16, 400],
  [30, 30],
  [33, 50],
  [101, 67],
])('takes a picture of %i x %i', async (width, height) => {
  const geometry = new Geometry(width, height);
  await using choice = await AttenuationChoice.open(geometry, postFilter, OPTIONS);
  const [halfWidth, halfHeight] = [(width + 1) >> 1, (height + 1) >> 1];
  const source = {
    y: new Uint8Array(width * height).fill(90),
    u: new Uint8Array(halfWidth * halfHeight).fill(128),
    v: new Uint8Array(halfWidth * halfHeight).fill(128),
  };
  const chosen = await choice.choose(HEADER, new FrameTokens(geometry), pictureOf(geometry), source);
  if (Math.min(width, height) < 32) expect(chosen).toBe(ATTENUATION.none);
  else expect([0, 1, 2]).toContain(chosen);
});
