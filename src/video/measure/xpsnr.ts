import { EnvironmentError } from '../../errors.js';
import { ComparisonFilter, hasFilter } from './comparison-filter.js';
import type { Frame, Rational } from '../frame.js';

const FILTER = 'xpsnr';

/** Whether this build of FFmpeg's libraries has the filter. */
export function hasXpsnr(): boolean {
  return hasFilter(FILTER);
}

/** FFmpeg's filter `xpsnr`: frames of a clip in their order, as it weights blocks by their motion. */
export class XpsnrMeter implements Disposable {
  readonly #filter: ComparisonFilter;

  private constructor(filter: ComparisonFilter) {
    this.#filter = filter;
  }

  /** @throws EnvironmentError if this build of FFmpeg's libraries lacks the filter. */
  static async start(clip: { width: number; height: number; frameRate: Rational }): Promise<XpsnrMeter> {
    return new XpsnrMeter(await ComparisonFilter.start(FILTER, clip));
  }

  /** XPSNR of the planes Y, U, V, dB; infinite for identical planes. */
  async measure(original: Frame, decoded: Frame): Promise<[y: number, u: number, v: number]> {
    const values = await this.#filter.measure(original, decoded);
    const read = (plane: string): number => {
      const text = values[`lavfi.xpsnr.xpsnr.${plane}`];
      if (text === undefined)
        throw new EnvironmentError("FFmpeg's filter xpsnr gives no value per frame in this build");
      return /^inf/i.test(text) ? Infinity : Number(text);
    };
    return [read('y'), read('u'), read('v')];
  }

  /** Frees the filter; safe to call twice. */
  [Symbol.dispose](): void {
    this.#filter[Symbol.dispose]();
  }
}
