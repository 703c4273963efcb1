import { StreamWriter } from '../src/bitstream/stream-writer.js';
import { Decoder, type PacketOrLoss, type PostFilter } from '../src/codec/decoder.js';
import { DEFAULT_TUNE, Encoder, TUNES } from '../src/codec/encoder.js';
import { PRESETS, type Preset, type Tune } from '../src/codec/sequence-options.js';
import { findFamily } from '../src/codec/find-family.js';
import { InputError } from '../src/errors.js';
import { resolveDevice } from '../src/model/device.js';
import { loadPack, type ModelPack } from '../src/model/pack.js';
import type { StreamReader } from '../src/bitstream/stream-reader.js';
import { openByteOutput } from '../src/io/byte-output.js';
import { encoderHeader } from '../src/pipeline/encoder-header.js';
import { feedPackets } from '../src/pipeline/packet-feed.js';
import { openStream } from '../src/pipeline/stream-input.js';
import type { Frame } from '../src/video/frame.js';
import type { Codec, CodecClip, CodecDescription, CodecTask } from './codec.js';
import { parseVariant } from './codec-name.js';
import { commandLine, outputName } from './command-line.js';
import type { IsLost } from './loss-pattern.js';

const POST_FILTERS: readonly string[] = ['none', 'psnr', 'lpips'] satisfies PostFilter[];

/**
 * tessera with a model pack.
 *
 * @param pack its name or folder.
 * @param variant the post-filter, `resilient` for resilient streams, what is tuned for, and the preset, each if it is another
 * than the pack's or the encoder's own: `none`, `resilient`, `tune=psnr`, `none+resilient,tune=psnr,preset=fast`.
 * @throws ModelError if there is no such pack or it lacks the post-filter; InputError if there is no such variant.
 */
export async function tesseraCodec(pack: string, variant: string): Promise<Codec> {
  const {
    first,
    options: { tune, preset, ...rest },
  } = parseVariant(pack, variant);
  const isTune = tune === undefined || TUNES.includes(tune);
  const isPreset = preset === undefined || (PRESETS as readonly string[]).includes(preset);
  const { filter, isResilient } = parseWords(first);
  if (filter === null || !isTune || !isPreset || Object.keys(rest).length > 0) {
    throw new InputError(
      `${pack}:${variant}: a pack's variant is its post-filter (${POST_FILTERS.join(', ')}), resilient, or both with + between them, then tune=${TUNES.join(' or tune=')}, then preset=${PRESETS.join(' or preset=')}`,
    );
  }
  const loaded = await loadPack(pack);
  const postFilter = filter ?? loaded.manifest.defaultPostFilter ?? 'none';
  if (postFilter !== 'none' && !loaded.graphs.has(`post-filter-${postFilter}`)) {
    throw new InputError(`pack ${loaded.name} has no post-filter ${postFilter}`);
  }
  const { canTune } = findFamily(loaded);
  if ((tune !== undefined || preset !== undefined) && !canTune)
    throw new InputError(`pack ${loaded.name} cannot be tuned`);
  return new TesseraCodec(
    pack,
    loaded,
    postFilter,
    canTune ? ((tune as Tune | undefined) ?? DEFAULT_TUNE) : null,
    preset as Preset | undefined,
    isResilient,
  );
}

/** Reads `none`, `resilient`, `none+resilient`. The filter is undefined if none is named, null if the words make no sense. */
function parseWords(text: string | undefined): { filter: PostFilter | null | undefined; isResilient: boolean } {
  const words = text?.split('+') ?? [];
  const isResilient = words.at(-1) === 'resilient';
  if (isResilient) words.pop();
  const [filter, ...rest] = words;
  const isKnown = filter === undefined || POST_FILTERS.includes(filter);
  return { filter: isKnown && rest.length === 0 ? (filter as PostFilter | undefined) : null, isResilient };
}

class TesseraCodec implements Codec {
  readonly settingName = 'quality';
  readonly defaultSettings;

  constructor(
    /** As it was named. */
    readonly packName: string,
    readonly pack: ModelPack,
    readonly postFilter: PostFilter,
    /** Null if the pack cannot be tuned. */
    readonly tune: Tune | null,
    readonly preset: Preset | undefined,
    readonly isResilient: boolean,
  ) {
    this.defaultSettings = findFamily(pack).quality.ladder;
  }

  async describe(): Promise<CodecDescription> {
    const { name, version, id } = this.pack;
    const { device } = await resolveDevice('auto', this.pack);
    const resilient = this.isResilient ? ', resilient' : '';
    return {
      title: `${name}${this.#filterTitle()}${resilient}${this.tune === null || this.tune === DEFAULT_TUNE ? '' : `, tuned for ${this.tune}`}${this.preset === undefined ? '' : `, preset ${this.preset}`}`,
      version: `pack ${version} ${Buffer.from(id).toString('hex')}`,
      details: {
        ...{ pack: name, 'post-filter': this.postFilter, ...tuned(this.tune), ...named(this.preset), device },
        ...(this.isResilient ? { stream: 'resilient' } : {}),
      },
    };
  }

  /** Empty for a pack that has no choice. */
  #filterTitle(): string {
    const hasFilters = [...this.pack.graphs.keys()].some((role) => role.startsWith('post-filter-'));
    return hasFilters ? `, post-filter ${this.postFilter}` : '';
  }

  command(clip: CodecClip, { setting, keyint, threads }: CodecTask): string {
    const pack = ['--pack', this.packName, ...(threads === 0 ? [] : ['--threads', String(threads)])];
    const tune = this.tune === null ? [] : ['--tune', this.tune];
    const preset = this.preset === undefined ? [] : ['--preset', this.preset];
    const resilient = this.isResilient ? ['--resilient'] : [];
    const rate = ['--quality', String(setting), ...tune, ...preset, ...resilient, '--keyint', String(keyint)];
    const stream = outputName(clip, '.tsr');
    const { file, ffmpegArguments, isWhole } = clip.source;
    const pipe = ['ffmpeg', ...ffmpegArguments, '-f', 'yuv4mpegpipe', '-'];
    const compress = ['tessera', 'compress', isWhole ? file : '-', stream, ...rate, ...pack];
    const decompress = ['tessera', 'decompress', stream, outputName(clip, '.y4m'), '--post-filter', this.postFilter];
    return [
      `${isWhole ? '' : `${commandLine(pipe)} | `}${commandLine(compress)}`,
      commandLine([...decompress, ...pack]),
    ].join(' && ');
  }

  async encode(clip: CodecClip, { setting, keyint, threads, signal }: CodecTask, file: string): Promise<void> {
    const { width, height } = clip.properties;
    await using encoder = await Encoder.create(width, height, {
      pack: this.packName,
      quality: setting,
      keyint,
      resilient: this.isResilient,
      ...tuned(this.tune),
      ...named(this.preset),
      ...graphThreads(threads),
    });
    await using output = await openByteOutput(file, { overwrite: true, inputs: [] });
    const writer = new StreamWriter(output);
    await writer.writeHeader(encoderHeader(encoder, clip.properties));
    for await (const packet of encoder.encode(clip.frames(), { signal })) await writer.writePacket(packet);
    await writer.finish();
    await output.finish();
  }

  async *decode(file: string, _clip: CodecClip, task: CodecTask): AsyncGenerator<Frame, void, undefined> {
    await using stream = await openStream(file, { strict: true, signal: task.signal });
    yield* this.#decode(stream.reader, task, null);
  }

  async *decodeLossy(
    file: string,
    _clip: CodecClip,
    task: CodecTask,
    isLost: IsLost,
  ): AsyncGenerator<Frame, void, undefined> {
    await using stream = await openStream(file, { strict: true, signal: task.signal });
    const times: bigint[] = [];
    for await (const section of stream.reader.sections()) {
      if (section.kind === 'packet') times.push(section.packet.pts);
    }
    times.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const numbers = new Map(times.map((pts, index) => [pts, BigInt(index)]));
    for await (const frame of this.#decode(stream.reader, task, isLost)) {
      yield { ...frame, pts: numbers.get(frame.pts)! };
    }
  }

  async *#decode(
    reader: StreamReader,
    { threads, signal }: CodecTask,
    isLost: IsLost | null,
  ): AsyncGenerator<Frame, void, undefined> {
    const { packName: pack, postFilter } = this;
    await using decoder = await Decoder.create(reader.header, {
      ...{ pack, postFilter, strict: isLost === null },
      ...graphThreads(threads),
    });
    const counts = { packets: 0, packetBytes: 0, bytes: 0, checksums: 0 };
    const packets = feedPackets(reader.sections(), true, counts);
    yield* decoder.decode(isLost === null ? packets : leaveOut(packets, isLost), { signal });
  }

  /** The whole file with header and index, without side data. */
  async countPayloadBits(file: string): Promise<number> {
    await using stream = await openStream(file, { strict: true });
    let side = 0;
    for await (const section of stream.reader.sections()) if (section.kind === 'side') side += section.byteLength;
    return 8 * (stream.byteLength - side);
  }
}

/** Marks packets as lost. */
async function* leaveOut(
  packets: AsyncIterable<PacketOrLoss>,
  isLost: IsLost,
): AsyncGenerator<PacketOrLoss, void, undefined> {
  for await (const packet of packets) {
    yield !('lost' in packet) && isLost(packet.kind === 'key') ? { lost: 'a packet is missing' } : packet;
  }
}

function tuned(tune: Tune | null): { tune?: Tune } {
  return tune === null ? {} : { tune };
}

function named(preset: Preset | undefined): { preset?: Preset } {
  return preset === undefined ? {} : { preset };
}

function graphThreads(threads: number): { threads?: number } {
  return threads === 0 ? {} : { threads };
}
