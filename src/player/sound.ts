import type { SideTrack } from '../bitstream/side-header.js';
import type { SideData, TimedPacket } from './side-data.js';
import { decodePcm, soundDecodingOf, type SoundDecoding } from './sound-format.js';

/** Sound is decoded up to this number of seconds ahead of the clock. */
const AHEAD = 1;
/** Decoding begins this number of seconds before the wanted time, so that the decoder's state settles. */
const SETTLING = 0.12;
/** The time between a start and the first sample, seconds. */
const START_DELAY = 0.06;
const POLL_MS = 60;

/** A run of sound from one place on. */
interface Run {
  readonly from: number;
  /** Time of the audio context at which `from` is heard. */
  readonly begin: number;
  readonly nodes: Set<AudioBufferSourceNode>;
  decoder: AudioDecoder | null;
  /** Seconds of the time line up to which samples are given to the context. */
  until: number;
  isOver: boolean;
}

/**
 * Plays a track of sound. Its clock is that of the audio device: pictures follow it.
 */
export class Sound {
  readonly #context: AudioContext;
  readonly #gain: GainNode;
  readonly #side: SideData;
  readonly #track: number;
  readonly #decoding: SoundDecoding;
  /** Time of the first picture on the time line of the stream, seconds. */
  readonly #origin: number;
  readonly #onFailure: (message: string) => void;
  #run: Run | null = null;
  #hasFailed = false;

  private constructor(
    side: SideData,
    track: number,
    decoding: SoundDecoding,
    origin: number,
    onFailure: (message: string) => void,
  ) {
    const sampleRate = decoding.kind === 'pcm' ? decoding.sampleRate : decoding.config.sampleRate;
    // With the rate of the track nothing is resampled, so pieces of sound follow each other without a gap.
    this.#context = new AudioContext({ sampleRate, latencyHint: 'playback' });
    this.#gain = this.#context.createGain();
    this.#gain.connect(this.#context.destination);
    this.#side = side;
    this.#track = track;
    this.#decoding = decoding;
    this.#origin = origin;
    this.#onFailure = onFailure;
  }

  /**
   * Makes a player of the first track of sound that can be decoded; null if there is none.
   *
   * @param onFailure called with a sentence if there is sound but no decoder for it, now or later.
   */
  static async open(side: SideData, origin: number, onFailure: (message: string) => void): Promise<Sound | null> {
    const tracks = side.header.tracks.map((track, at) => ({ track, at })).filter(({ track }) => track.kind === 'audio');
    if (tracks.length === 0) return null;
    if (typeof AudioContext === 'undefined') {
      onFailure('sound is not played: there is none in worker threads');
      return null;
    }
    for (const { track, at } of tracks) {
      const decoding = await usable(track);
      if (decoding === null) continue;
      try {
        return new Sound(side, at, decoding, origin, onFailure);
      } catch (error) {
        onFailure(`sound is not played: ${String(error)}`);
        return null;
      }
    }
    onFailure(
      `sound is not played: this browser cannot decode ${[...new Set(tracks.map(({ track }) => track.codec))].join(', ')}`,
    );
    return null;
  }

  /** True if nothing has gone wrong so far. */
  get isUsable(): boolean {
    return !this.#hasFailed;
  }

  /** Sets the loudness, 0..1. */
  setVolume(volume: number): void {
    this.#gain.gain.value = volume;
  }

  /** Waits until the device runs; false if the browser wants a click first. */
  async unlock(): Promise<boolean> {
    if (this.#context.state === 'running') return true;
    await Promise.race([this.#context.resume(), new Promise((resolve) => setTimeout(resolve, 500))]);
    return (this.#context.state as AudioContextState) === 'running';
  }

  /** Seconds from the first picture that are heard now; null while stopped. */
  get time(): number | null {
    if (this.#run === null) return null;
    const { from, begin } = this.#run;
    const { currentTime, outputLatency, baseLatency } = this.#context;
    const latency = outputLatency > 0 ? outputLatency : baseLatency;
    return Math.max(from, from + currentTime - latency - begin);
  }

  /** Plays from a time on, seconds from the first picture. */
  start(from: number): void {
    this.stop();
    const run: Run = {
      ...{ from, begin: this.#context.currentTime + START_DELAY },
      ...{ nodes: new Set<AudioBufferSourceNode>(), decoder: null, until: from, isOver: false },
    };
    this.#run = run;
    void this.#play(run).catch((error: unknown) => {
      if (!run.isOver) this.#fail(error);
    });
  }

  /** Falls silent. */
  stop(): void {
    const run = this.#run;
    this.#run = null;
    if (run === null) return;
    run.isOver = true;
    for (const node of run.nodes) node.stop();
    if (run.decoder !== null && run.decoder.state !== 'closed') run.decoder.close();
  }

  close(): void {
    this.stop();
    void this.#context.close().catch(() => undefined);
  }

  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#onFailure(`sound ends: ${error instanceof Error ? error.message : String(error)}`);
  }

  async #play(run: Run): Promise<void> {
    const wanted = run.from + this.#origin;
    await this.#side.readUntil(wanted);
    const packets = this.#side.packets[this.#track]!;
    let next = firstAfter(packets, wanted - SETTLING);
    const take =
      this.#decoding.kind === 'pcm' ? this.#takePcm(run, this.#decoding) : this.#takeCoded(run, this.#decoding);
    while (!run.isOver) {
      const limit = (this.time ?? run.from) + this.#origin + AHEAD;
      await this.#side.readUntil(limit);
      for (let packet = packets[next]; packet !== undefined && packet.time < limit; packet = packets[next]) {
        if (isOver(run)) return;
        next++;
        // FFmpeg's flag for what the source hides.
        if (!packet.packet.discard) take(packet);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #takePcm(run: Run, { format, sampleRate, channels }: Extract<SoundDecoding, { kind: 'pcm' }>) {
    return ({ time, packet }: TimedPacket): void => {
      this.#schedule(run, time, sampleRate, decodePcm(packet.data, format, channels));
    };
  }

  #takeCoded(run: Run, { config }: Extract<SoundDecoding, { kind: 'webcodecs' }>) {
    const decoder = new AudioDecoder({
      output: (data) => {
        if (!run.isOver) this.#schedule(run, data.timestamp / 1e6, data.sampleRate, samplesOf(data));
        data.close();
      },
      error: (error) => {
        if (!run.isOver) this.#fail(error);
      },
    });
    decoder.configure(config);
    run.decoder = decoder;
    return ({ time, duration, packet }: TimedPacket): void => {
      if (decoder.state !== 'configured') return;
      const { data } = packet;
      decoder.decode(
        new EncodedAudioChunk({
          type: 'key',
          timestamp: 1e6 * time,
          duration: 1e6 * duration,
          data,
        }),
      );
    };
  }

  /** Gives samples to the context; those before the wanted time are left out. */
  #schedule(run: Run, time: number, sampleRate: number, channels: readonly Float32Array<ArrayBuffer>[]): void {
    const count = channels[0]?.length ?? 0;
    const start = time - this.#origin;
    // Also what comes so late that it would not be heard at its time.
    const late = this.#context.currentTime - run.begin + run.from;
    const skipped = Math.max(0, Math.ceil((Math.max(run.from, late) - start) * sampleRate - 0.5));
    if (skipped >= count) return;
    const buffer = this.#context.createBuffer(channels.length, count - skipped, sampleRate);
    channels.forEach((samples, channel) => buffer.copyToChannel(samples.subarray(skipped), channel));
    const node = this.#context.createBufferSource();
    node.buffer = buffer;
    node.connect(this.#gain);
    node.onended = () => run.nodes.delete(node);
    run.nodes.add(node);
    node.start(run.begin + start + skipped / sampleRate - run.from);
  }
}

/** TypeScript thinks that a run that is not over never will be. */
function isOver(run: Run): boolean {
  return run.isOver;
}

/** Returns how the browser can decode a track; null if it cannot. */
async function usable(track: SideTrack): Promise<SoundDecoding | null> {
  const decoding = soundDecodingOf(track);
  if (decoding?.kind !== 'webcodecs') return decoding;
  if (typeof AudioDecoder === 'undefined') return null;
  try {
    const { supported } = await AudioDecoder.isConfigSupported(decoding.config);
    return supported === true ? decoding : null;
  } catch {
    return null;
  }
}

/** Returns the index of the first packet that ends after a time. */
function firstAfter(packets: readonly TimedPacket[], time: number): number {
  const found = packets.findIndex((packet) => packet.time + packet.duration > time);
  return found === -1 ? packets.length : found;
}

function samplesOf(data: AudioData): Float32Array<ArrayBuffer>[] {
  return Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
    const samples = new Float32Array(data.numberOfFrames);
    data.copyTo(samples, { planeIndex, format: 'f32-planar' });
    return samples;
  });
}
