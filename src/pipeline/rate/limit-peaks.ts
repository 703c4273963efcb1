import type { Packet } from '../../bitstream/packet.js';
import { PacketSizer } from '../../bitstream/packet-sizer.js';
import type { QualityControl } from '../../codec/encoder.js';
import type { QualityRange } from '../../codec/family.js';
import { InputError } from '../../errors.js';
import { secondsToTicks, ticksToSeconds } from '../ticks.js';
import { qualityOfBits } from './budget-control.js';
import { codeChunk, type CodedChunk } from '../chunks/code-chunk.js';
import { chunkSetup, type ChunkedJob } from './chunked-job.js';
import { describeRate } from './describe-unmet.js';
import type { FrameQueue } from '../chunks/frame-queue.js';
import { peakRatios, type TimedBits } from './peaks.js';

/** Bits are aimed at this share of what is allowed. */
const AIM = 0.95;
/** The last second of a chunk leaves room for the key frame that may follow. */
const LAST_SHARE = 0.6;
/** A bound that is never reached: each coding lowers a quality, by one more than the coding before. */
const MOST_CODINGS = 20;

/** Keeps every second of a video below a bit rate. */
export class PeakLimit {
  readonly #job: ChunkedJob;
  readonly #qualities: QualityRange;
  readonly #limit: number;
  readonly #second: bigint;
  /** Frames of the last second of the chunks before. */
  #before: readonly TimedBits[] = [];

  /** @param limit bits per second. */
  constructor(job: ChunkedJob, qualities: QualityRange, limit: number) {
    this.#job = job;
    this.#qualities = qualities;
    this.#limit = limit;
    this.#second = secondsToTicks(1, job.properties.timeBase);
  }

  /** Takes a finished chunk. */
  pass(packets: readonly Packet[]): void {
    const all = [...this.#before, ...timedBits(packets)];
    const end = endOf(packets);
    this.#before = all.filter(({ pts }) => pts > end - this.#second);
  }

  /**
   * Returns a chunk as it is if it keeps the limit, or codes it again with less quality where it does not.
   *
   * @throws InputError if it cannot keep the limit at the lowest quality.
   */
  async keep(queue: FrameQueue, from: number, chunk: CodedChunk): Promise<CodedChunk> {
    const { min } = this.#qualities;
    let kept = chunk;
    for (let coding = 0; coding < MOST_CODINGS; coding++) {
      const ratios = this.#ratios(kept.packets);
      if (ratios.every((ratio) => ratio <= 1)) return kept;
      const stuck = ratios.findIndex((ratio, at) => ratio > 1 && kept.qualities[at]! <= min);
      if (stuck >= 0 && ratios.every((ratio, at) => ratio <= 1 || kept.qualities[at]! <= min)) {
        throw new InputError(this.#describe(kept.packets[stuck]!, ratios[stuck]!));
      }
      const caps = kept.qualities.map((quality, at) =>
        ratios[at]! <= 1 ? quality : this.#lower(quality, ratios[at]!, 1 + coding),
      );
      const frames = queue.read(from, from + kept.packets.length);
      kept = await codeChunk(chunkSetup(this.#job), frames, new ListedQualities(caps));
    }
    throw new Error('a chunk does not keep its largest bit rate');
  }

  /** A lower quality for a frame that has `ratio` times the bits allowed, by `least` at least. */
  #lower(quality: number, ratio: number, least: number): number {
    const { min, bits } = this.#qualities;
    const wanted = qualityOfBits(this.#qualities, (AIM * bits(quality)) / ratio, quality);
    return Math.max(min, Math.min(wanted, quality - least));
  }

  #ratios(packets: readonly Packet[]): number[] {
    const frames = timedBits(packets);
    const whole = peakRatios([...this.#before, ...frames], this.#second, this.#limit).slice(this.#before.length);
    const start = endOf(packets) - this.#second;
    const isLast = frames.map(({ pts }) => pts >= start);
    const last = frames.reduce((sum, { bits }, at) => sum + (isLast[at]! ? bits : 0), 0) / (LAST_SHARE * this.#limit);
    const atEnd = isLast.every(Boolean) ? 0 : last;
    return whole.map((ratio, at) => (isLast[at]! ? Math.max(ratio, atEnd) : ratio));
  }

  #describe({ pts }: Packet, ratio: number): string {
    const place = ticksToSeconds(pts, this.#job.properties.timeBase).toFixed(2);
    return (
      `a largest bit rate of ${describeRate(this.#limit)} cannot be met: the second around ${place} s needs ` +
      `${describeRate(ratio * this.#limit)} at the lowest quality`
    );
  }
}

/** A quality for each frame in coding order. */
class ListedQualities implements QualityControl {
  readonly lag = 0;
  readonly #qualities: readonly number[];
  #coded = 0;

  constructor(qualities: readonly number[]) {
    this.#qualities = qualities;
  }

  quality(): number {
    return this.#qualities[Math.min(this.#coded, this.#qualities.length - 1)]!;
  }

  coded(): void {
    this.#coded++;
  }
}

function timedBits(packets: readonly Packet[]): TimedBits[] {
  const sizer = new PacketSizer();
  return packets.map((packet) => ({ pts: packet.pts, bits: 8 * sizer.sizeOf(packet) }));
}

function endOf(packets: readonly Packet[]): bigint {
  return packets.reduce((end, { pts, duration }) => (pts + duration > end ? pts + duration : end), packets[0]!.pts);
}
