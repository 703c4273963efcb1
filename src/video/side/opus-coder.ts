import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_SAMPLE_FMT_FLT,
  AVERROR_EAGAIN,
  AVERROR_EOF,
  AVERROR_INVALIDDATA,
  type AVPacketFlag,
  type FFEncoderCodec,
} from 'node-av/constants';
import { avGetSampleFmtName, Codec, CodecContext, CodecParameters, Filter, FilterGraph } from 'node-av/lib';
import { type FilterContext, Frame as AvFrame, Packet, Rational } from 'node-av/lib';
import type { SideTrack } from '../../bitstream/side-header.js';
import type { SidePacket } from '../../bitstream/side-packets.js';
import { EnvironmentError } from '../../errors.js';
import { mustExist, noTimestamp, throwIfOutputFails } from '../libav.js';
import { readPacketSideData, writePacketSideData } from './side-data.js';
import { applyTrack, findCodecId } from './track-parameters.js';

/** Opus always counts time in these, and samples. */
const SAMPLE_RATE = 48_000;
/** Samples of a packet: 20 ms. */
const FRAME_SIZE = 960;
/** What Opus can hold, by the number of channels; others become stereo. */
const LAYOUTS = ['mono', 'stereo', '3.0', 'quad', '5.0', '5.1', '6.1', '7.1'];
const BITS_PER_CHANNEL = 48_000;

/** Codes the packets of one track of sound as Opus. */
export class OpusCoder implements Disposable {
  readonly #track: SideTrack;
  readonly #decoder: CodecContext;
  readonly #bitRate: number | null;
  readonly #packet = new Packet();
  #encoder: CodecContext | null = null;
  #graph: FilterGraph | null = null;
  #source: FilterContext | null = null;
  #sink: FilterContext | null = null;
  /** Samples at the start that are not to be played. */
  #padding = 0;
  #isFirst = true;
  #damaged = 0;

  private constructor(track: SideTrack, decoder: CodecContext, bitRate: number | null) {
    this.#track = track;
    this.#decoder = decoder;
    this.#bitRate = bitRate;
    this.#packet.alloc();
  }

  /**
   * @param bitRate bits per second; null: 48000 for each channel.
   * @returns null if FFmpeg cannot decode the track.
   * @throws EnvironmentError if FFmpeg has no encoder for Opus.
   */
  static async open(track: SideTrack, bitRate: number | null): Promise<OpusCoder | null> {
    const id = findCodecId(track.codec);
    const codec = id === undefined ? null : Codec.findDecoder(id);
    if (codec === null) return null;
    const parameters = new CodecParameters();
    parameters.alloc();
    const decoder = new CodecContext();
    try {
      applyTrack(track, parameters);
      decoder.allocContext3(codec);
      decoder.parametersToContext(parameters);
      decoder.pktTimebase = new Rational(track.timeBase[0], track.timeBase[1]);
      if ((await decoder.open2(codec)) >= 0) return new OpusCoder(track, decoder, bitRate);
    } finally {
      parameters.free();
    }
    decoder.freeContext();
    return null;
  }

  /** The number of packets that could not be decoded. */
  get damaged(): number {
    return this.#damaged;
  }

  /** The track of the coded packets; null if there was no sound. Known after the first packet. */
  get track(): SideTrack | null {
    const encoder = this.#encoder;
    if (encoder === null) return null;
    const layout = encoder.channelLayout;
    const extradata = encoder.extraData;
    const { kind, disposition, tags } = this.#track;
    return {
      ...{ kind, disposition, tags, codec: 'opus', codecTag: 0, timeBase: [1, SAMPLE_RATE], format: 'fltp' },
      ...(extradata === null ? {} : { extradata: extradata.toString('base64') }),
      ...{ bitRate: Number(encoder.bitRate), bitsPerCodedSample: 0, bitsPerRawSample: 0, profile: -99, level: -99 },
      audio: {
        sampleRate: SAMPLE_RATE,
        channels: layout.nbChannels,
        order: layout.order,
        mask: String(layout.mask),
        blockAlign: 0,
        frameSize: FRAME_SIZE,
        initialPadding: this.#padding,
      },
      sideData: {},
    };
  }

  /** Codes a packet; null: the end. Yields the packets that are ready, of track number `index`. */
  async *code(packet: SidePacket | null, index: number): AsyncGenerator<SidePacket, void, undefined> {
    const sent = await this.#decoder.sendPacket(packet === null ? null : this.#fill(packet));
    this.#packet.unref();
    if (sent < 0 && sent !== AVERROR_EOF) {
      if (sent !== AVERROR_INVALIDDATA) throwIfOutputFails(sent, `cannot decode the sound (${this.#track.codec})`);
      this.#damaged++;
      return;
    }
    const frame = new AvFrame();
    try {
      frame.alloc();
      while ((await this.#decoder.receiveFrame(frame)) >= 0) {
        if (this.#source === null) await this.#build(frame);
        throwIfOutputFails(await this.#source!.buffersrcAddFrame(frame), 'cannot convert the sound');
        frame.unref();
        yield* this.#drain(index);
      }
      if (packet !== null || this.#source === null) return;
      throwIfOutputFails(await this.#source.buffersrcAddFrame(null), 'cannot convert the sound');
      yield* this.#drain(index);
      throwIfOutputFails(await this.#encoder!.sendFrame(null), 'cannot code the sound');
      yield* this.#receive(index);
    } finally {
      frame.free();
    }
  }

  #fill({ data, pts, dts, duration, key, sideData }: SidePacket): Packet {
    const packet = this.#packet;
    packet.data = Buffer.from(data);
    packet.pts = pts ?? noTimestamp;
    packet.dts = dts ?? noTimestamp;
    packet.duration = duration;
    packet.flags = (key ? 1 : 0) as AVPacketFlag;
    writePacketSideData(packet, sideData);
    return packet;
  }

  /** Makes the filters and the encoder for sound like this. */
  async #build(frame: AvFrame): Promise<void> {
    const what = 'cannot convert the sound';
    const { nbChannels, order, mask } = frame.channelLayout;
    const given = order === 1 ? `0x${mask.toString(16)}` : (LAYOUTS[nbChannels - 1] ?? 'stereo');
    const wanted = LAYOUTS[nbChannels - 1] ?? 'stereo';
    const [num, den] = this.#track.timeBase;
    const graph = new FilterGraph();
    this.#graph = graph;
    graph.alloc();
    const create = (filter: string, args: string | null): FilterContext =>
      mustExist(graph.createFilter(mustExist(Filter.getByName(filter), filter), filter, args), `filter ${filter}`);
    const format = avGetSampleFmtName(frame.format as Parameters<typeof avGetSampleFmtName>[0]);
    const chain = [
      create(
        'abuffer',
        `time_base=${num}/${den}:sample_rate=${frame.sampleRate}:sample_fmt=${format}:channel_layout=${given}`,
      ),
      // Gaps become silence, so that sound and pictures stay together.
      create('aresample', `${SAMPLE_RATE}:async=1000`),
      create('aformat', `sample_fmts=flt:channel_layouts=${wanted}:sample_rates=${SAMPLE_RATE}`),
      create('asetnsamples', `n=${FRAME_SIZE}:p=0`),
      create('abuffersink', null),
    ];
    chain.slice(1).forEach((filter, at) => throwIfOutputFails(chain[at]!.link(0, filter, 0), what));
    throwIfOutputFails(await graph.config(), what);
    this.#source = chain[0]!;
    this.#sink = chain.at(-1)!;
  }

  async *#drain(index: number): AsyncGenerator<SidePacket, void, undefined> {
    const frame = new AvFrame();
    try {
      frame.alloc();
      while (true) {
        const code = await this.#sink!.buffersinkGetFrame(frame);
        if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return;
        throwIfOutputFails(code, 'cannot convert the sound');
        this.#encoder ??= await this.#openEncoder(frame);
        throwIfOutputFails(await this.#encoder.sendFrame(frame), 'cannot code the sound');
        frame.unref();
        yield* this.#receive(index);
      }
    } finally {
      frame.free();
    }
  }

  async #openEncoder(frame: AvFrame): Promise<CodecContext> {
    const codec = Codec.findEncoderByName('libopus' as FFEncoderCodec);
    if (codec === null) throw new EnvironmentError('this FFmpeg has no encoder libopus; use --audio copy or none');
    const encoder = new CodecContext();
    encoder.allocContext3(codec);
    encoder.sampleRate = SAMPLE_RATE;
    encoder.sampleFormat = AV_SAMPLE_FMT_FLT;
    encoder.channelLayout = frame.channelLayout;
    encoder.timeBase = new Rational(1, SAMPLE_RATE);
    encoder.bitRate = BigInt(Math.round(this.#bitRate ?? BITS_PER_CHANNEL * frame.channelLayout.nbChannels));
    encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    const code = await encoder.open2(codec);
    if (code < 0) encoder.freeContext();
    throwIfOutputFails(code, `cannot code the sound as Opus with ${encoder.bitRate} bits per second`);
    const parameters = new CodecParameters();
    parameters.alloc();
    throwIfOutputFails(parameters.fromContext(encoder), 'cannot describe the sound');
    this.#padding = parameters.initialPadding;
    parameters.free();
    return encoder;
  }

  async *#receive(index: number): AsyncGenerator<SidePacket, void, undefined> {
    const packet = this.#packet;
    while (true) {
      const code = await this.#encoder!.receivePacket(packet);
      if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return;
      throwIfOutputFails(code, 'cannot code the sound');
      const sideData = readPacketSideData(packet);
      if (this.#isFirst) {
        const skip = Buffer.alloc(10);
        skip.writeUInt32LE(this.#padding, 0);
        sideData['skipSamples'] ??= skip;
        this.#isFirst = false;
      }
      yield {
        ...{ track: index, pts: packet.pts, dts: packet.pts, duration: packet.duration, key: true, sideData },
        ...{ corrupt: false, discard: false, disposable: false, data: new Uint8Array(packet.data!) },
      };
      packet.unref();
    }
  }

  /** Frees what libav holds. */
  [Symbol.dispose](): void {
    this.#packet.free();
    this.#graph?.free();
    this.#encoder?.freeContext();
    this.#decoder.freeContext();
  }
}
