import type { FrameHeader } from '../../../../src/codec/frame-header.js';
import { BlockTrials, type BlockJob } from '../../../../src/codec/transform/encoder/block-trials.js';
import { RateLearner, RateModel, shareRates } from '../../../../src/codec/transform/encoder/rate-model.js';
import { ENCODER_SETTINGS, type EncoderSettings } from '../../../../src/codec/transform/encoder/settings.js';
import { BLOCK_16, FrameTokens, type Geometry } from '../../../../src/codec/transform/frame-tokens.js';
import { KernelTables } from '../../../../src/codec/transform/kernel-tables.js';
import type { PackTables } from '../../../../src/codec/transform/pack-tables.js';
import { Picture } from '../../../../src/codec/transform/picture.js';
import type { Plane } from '../../../../src/codec/planes.js';
import { Kernels } from '../../../../src/kernels/kernels.js';
import type { Block } from '../../../kernels/twins/block.js';

export const KEY: FrameHeader = {
  ...{ kind: 'key', q: 30, referenceSlot0: null, referenceSlot1: null, refreshSlot: 0, variant: 1 },
  ...{ hasQOffsets: false, hasLoopFilter: false, pts: 0n },
};

export const INTER: FrameHeader = { ...KEY, kind: 'inter', referenceSlot0: 0, refreshSlot: 1, pts: 1n };

/** A sample of a plane: 0 is luma. */
export type Paint = (x: number, y: number, plane: number) => number;

/** Everything that trials of one frame's macroblocks need. */
export class TrialBench {
  readonly kernels = new Kernels();
  readonly tables: KernelTables;
  readonly rates: RateModel;
  readonly trials: BlockTrials;
  readonly tokens: FrameTokens;
  readonly source: Picture;
  /** The reconstruction. */
  readonly target: Picture;

  constructor(
    readonly pack: PackTables,
    readonly geometry: Geometry,
    readonly header: FrameHeader,
    readonly settings: EncoderSettings = ENCODER_SETTINGS.psnr,
  ) {
    this.tables = new KernelTables(this.kernels, pack);
    this.rates = new RateModel(this.kernels, pack, shareRates(this.kernels, pack));
    this.rates.beginFrame(new RateLearner(this.kernels, pack, settings.rates, this.rates).beginFrame(header));
    this.trials = new BlockTrials(this.kernels, this.tables, this.rates, geometry, settings);
    this.tokens = new FrameTokens(geometry);
    this.source = Picture.allocate(this.kernels, geometry);
    this.target = Picture.allocate(this.kernels, geometry);
  }

  /** A picture that others may predict from. */
  reference(paint: Paint): Picture {
    const picture = Picture.allocate(this.kernels, this.geometry);
    this.paint(picture, paint);
    return picture;
  }

  /** Fills a picture, rounded to 0..255, and its border. */
  paint(picture: Picture, paint: Paint): void {
    const [y, u, v] = picture.planes.map(({ width, height }, plane) =>
      Uint8ClampedArray.from({ length: width * height }, (_, i) => paint(i % width, Math.floor(i / width), plane)),
    );
    picture.write({ y: Uint8Array.from(y!), u: Uint8Array.from(u!), v: Uint8Array.from(v!) });
    picture.extend();
  }

  /** The job of the block whose first macroblock is (`row`, `column`); the best trial is forgotten. */
  block(
    row: number,
    column: number,
    references: readonly [Picture | null, Picture | null] = [null, null],
    { lambda, satdLambda }: { lambda: number; satdLambda: number } = { lambda: 20, satdLambda: 5 },
    size = BLOCK_16,
  ): BlockJob {
    const { header, source, target, tokens, geometry } = this;
    this.trials.best.cost = Infinity;
    return {
      ...{ header, source, target, tokens, size, row, column, lambda, satdLambda },
      ...{ q: header.q, hints: [null, null] },
      references: { pictures: references, interpolation: header.variant },
      at: row * geometry.columns + column,
      sub: 4 * row * geometry.columns + 2 * column,
    };
  }

  /** A copy of a plane for the twins, with its first sample at (`x`, `y`) and the border around it. */
  plane({ at, stride }: Plane, x: number, y: number): Block {
    return { data: this.kernels.u8, at: at + y * stride + x, stride };
  }
}
