import type { Kernels } from '../../../kernels/kernels.js';
import type { TimedPicture, VisiblePlanes } from '../../planes.js';
import type { SequenceOptions } from '../../sequence-options.js';
import { wholeQuality } from '../../whole-quality.js';
import { ATTENUATION } from '../attenuation.js';
import type { PackTables } from '../pack-tables.js';
import { Q_LIMIT, Q_OFFSET_LIMIT, type Geometry } from '../frame-tokens.js';
import { adaptQuality } from './adaptive-quality.js';
import { CodingOrder, type PlannedFrame } from './coding-order.js';
import { codingStructure } from './coding-structure.js';
import { LookAhead } from '../../look-ahead.js';
import type { FramePlan } from './frame-plan.js';
import { settingsOf } from './presets.js';
import type { EncoderSettings } from './settings.js';
import { QualityPropagation, type DependentFrame, type QualityGain } from './quality-propagation.js';
import { TemporalFilter, type Neighbour } from './temporal-filter.js';

/** A picture that waits to be planned. */
interface WaitingPicture {
  readonly picture: TimedPicture;
  readonly isKey: boolean;
}

/** Units of a pack's quantiser steps in a sample. */
const STEP_UNITS = 8;

/**
 * Plans the frames of a sequence with a look-ahead. It takes pictures in display order. It decides key frames, the coding
 * order and the quality of each frame and region. No decision depends on tokens, so frames can be planned while others
 * are encoded.
 */
export class SequencePlanner {
  readonly #geometry: Geometry;
  readonly #steps: Int32Array;
  readonly #options: SequenceOptions;
  readonly #settings: EncoderSettings;
  readonly #lookAhead: LookAhead;
  /** Base quality of the sequence. */
  #quality: number;
  #order: CodingOrder;
  readonly #depth: number;
  /** How planned frames depend on others. */
  readonly #dependents = new WeakMap<PlannedFrame, DependentFrame>();
  readonly #propagation: QualityPropagation;
  /** Null if the settings have none. */
  readonly #temporalFilter: TemporalFilter | null;
  /** Pictures that wait, by their place in display order. */
  readonly #waiting = new Map<number, WaitingPicture>();
  /** The number of pictures planned so far. */
  #planned = 0;

  constructor(kernels: Kernels, geometry: Geometry, pack: PackTables, options: SequenceOptions) {
    this.#geometry = geometry;
    this.#steps = pack.step;
    this.#options = options;
    this.#quality = options.quality;
    const settings = settingsOf(options.tune, options.preset);
    this.#settings = settings;
    const lookAhead = options.isChunk === true ? { ...settings.lookAhead, sceneCut: Infinity } : settings.lookAhead;
    this.#lookAhead = new LookAhead(kernels, geometry, lookAhead, this.#step());
    this.#depth = codingStructure(geometry, options.keyint, settings.structure).depth;
    this.#order = this.#startOrder();
    this.#propagation = new QualityPropagation(geometry, settings.propagation);
    const { temporalFilter, motion } = settings;
    this.#temporalFilter =
      temporalFilter === null ? null : new TemporalFilter(kernels, geometry, pack, temporalFilter, motion);
  }

  /**
   * Begins another sequence, which is planned as a new planner would; drops the pictures that wait.
   *
   * @param quality its base quality index.
   */
  restart(quality: number): void {
    this.#quality = quality;
    this.#lookAhead.restart(this.#step());
    this.#order = this.#startOrder();
    this.#waiting.clear();
    this.#planned = 0;
  }

  /** Takes the next picture in display order; its planes are kept until it is planned. */
  push(picture: TimedPicture): void {
    const frame = this.#lookAhead.analyse(picture.y);
    const isKey = this.#order.push(frame);
    this.#waiting.set(frame.display, { picture, isKey });
    if (isKey) this.#lookAhead.forgetPast(frame);
  }

  /** True if a picture can be planned; at the end of the sequence (`isEnd`) as long as there is one. */
  isReady(isEnd: boolean): boolean {
    return this.#waiting.size >= (isEnd ? 1 : this.#depth);
  }

  /**
   * Plans the next picture in coding order. If there are fewer pictures than the look-ahead needs, the sequence has
   * ended.
   *
   * @param quality base quality of this picture, which may have a fraction. Default: that of the sequence.
   */
  next(quality = this.#quality): FramePlan {
    const window = this.#order.plan(this.#waiting.size < this.#depth);
    const { frame, isKey, references, refreshSlot } = window[0]!;
    const { adaptiveQuality, motion } = this.#settings;
    const dependents = window.map((planned) => this.#dependent(planned));
    this.#forgetPredictions(window, dependents);
    const gain = this.#propagation.gain(dependents);
    const { references: hints } = dependents[0]!;
    // A key frame decides the quality of many frames: its regions share a fraction, else frames do.
    const base = isKey ? Math.floor(quality) : wholeQuality(quality, this.#planned);
    const q = Math.max(0, Math.min(Q_LIMIT, base + gain.frame));
    const { picture } = this.#waiting.get(frame.display)!;
    const regions =
      adaptiveQuality === null
        ? gain.regions
        : adaptQuality(this.#geometry, frame.variance, gain.regions, adaptiveQuality);
    if (isKey && quality > base) addFraction(regions, quality - base);
    const source = this.#filter(frame.display, picture, q, gain);
    this.#waiting.delete(frame.display);
    this.#order.shift();
    this.#planned++;
    return {
      ...{ display: frame.display, picture, source, qOffset: regions },
      header: {
        kind: isKey ? 'key' : 'inter',
        q,
        referenceSlot0: references[0]?.slot ?? null,
        referenceSlot1: references[1]?.slot ?? null,
        refreshSlot,
        // Of a key frame it is the post-filter's attenuation, which is not decided here.
        variant: isKey ? ATTENUATION.none : motion.interpolation,
        pts: picture.pts,
      },
      hints: [hints[0]?.motion ?? null, hints[1]?.motion ?? null],
    };
  }

  /** Quantiser step of the base quality, samples. */
  #step(): number {
    return this.#steps[this.#quality]! / STEP_UNITS;
  }

  #startOrder(): CodingOrder {
    const { keyint, isChunk = false } = this.#options;
    const { structure, miniGop } = this.#settings;
    const { largestMiniGop } = codingStructure(this.#geometry, keyint, structure);
    return new CodingOrder(this.#lookAhead, isChunk ? Infinity : keyint, largestMiniGop, miniGop);
  }

  /** The picture to encode: its mean with its neighbours, if later frames take over much of it. */
  #filter(display: number, picture: TimedPicture, q: number, { frame, dependence }: QualityGain): VisiblePlanes {
    const { temporalFilter: settings } = this.#settings;
    if (this.#temporalFilter === null || settings === null || frame < settings.leastGain) return picture;
    const reach = settings.distanceWeights.length;
    const neighbours = [...this.#neighbours(display, -1, reach), ...this.#neighbours(display, 1, reach)];
    if (neighbours.length === 0) return picture;
    return this.#temporalFilter.filter(picture, neighbours, q, dependence);
  }

  /** Pictures between the same key frames in one direction, from near to far, as far as they are still there. */
  *#neighbours(display: number, direction: 1 | -1, reach: number): Generator<Neighbour, void, void> {
    let last = this.#waiting.get(display)!;
    for (let away = 1; away <= reach; away++) {
      const next = this.#waiting.get(display + direction * away);
      if (next === undefined || (direction > 0 ? next : last).isKey) return;
      yield { distance: direction * away, picture: next.picture };
      last = next;
    }
  }

  /** Frees what is known of frames whose predictions are all made, and those of the frames behind them, which begin there. */
  #forgetPredictions(window: readonly PlannedFrame[], dependents: readonly DependentFrame[]): void {
    const displays = new Set(dependents.map(({ display }) => display));
    window.forEach(({ frame }, at) => {
      if (!displays.has(frame.display + 1)) return;
      const { choice, followed, references } = dependents[at]!;
      this.#lookAhead.forgetPredictions(frame, new Set([choice, followed, ...references.map(({ motion }) => motion)]));
    });
  }

  /** Describes how a frame depends on others. */
  #dependent(planned: PlannedFrame): DependentFrame {
    const known = this.#dependents.get(planned);
    if (known !== undefined) return known;
    const { frame, references } = planned;
    const fields = references.map(({ frame: reference }) => this.#lookAhead.predict(frame, reference));
    const both =
      references.length === 2 ? this.#lookAhead.predictBoth(frame, references[0]!.frame, references[1]!.frame) : null;
    const dependent = {
      ...{ display: frame.display, coded: frame.coded, choice: both?.choice ?? null },
      followed: both?.followed ?? fields[0]?.followed ?? null,
      references: references.map(({ frame: { display } }, index) => ({ display, motion: fields[index]!.motion })),
    };
    this.#dependents.set(planned, dependent);
    return dependent;
  }
}

/** Raises q in a share of the regions. */
function addFraction(regions: Int8Array, fraction: number): void {
  regions.forEach((offset, region) => {
    regions[region] = Math.min(Q_OFFSET_LIMIT, offset + wholeQuality(fraction, region));
  });
}
