/** A codec with a post-filter of tessera behind it: the bits of the codec, the pictures of the filter. */
import { DEFAULT_PACK } from '../src/codec/encoder.js';
import { ForeignFilter } from '../src/codec/transform/foreign-filter.js';
import { InputError } from '../src/errors.js';
import { resolveDevice } from '../src/model/device.js';
import { loadPack, type ModelPack } from '../src/model/pack.js';
import type { Frame } from '../src/video/frame.js';
import type { Codec, CodecClip, CodecDescription, CodecTask } from './codec.js';

/** The conversion from a codec's setting to the q that the filter gets. */
export interface QualityScale {
  /** For reports, such as `55 - CRF`. */
  readonly formula: string;
  /** Returns q for a setting of the codec; it is rounded and limited to 0..63. */
  readonly toQ: (setting: number) => number;
}

/**
 * Adds the filter `post-filter-NAME` of the default pack to a codec.
 *
 * @throws InputError if the pack has no such filter; ModelError if the pack is damaged.
 */
export async function withPostFilter(codec: Codec, name: string, scale: QualityScale): Promise<Codec> {
  const pack = await loadPack(DEFAULT_PACK);
  const prefix = 'post-filter-';
  const [, graph] = [...pack.graphs].find(([role]) => role === `${prefix}${name}`) ?? [];
  if (graph !== undefined) return new PostFilteredCodec(codec, pack, name, graph, scale);
  const names = [...pack.graphs.keys()].filter((role) => role.startsWith(prefix));
  const known = names.map((role) => role.slice(prefix.length)).sort();
  throw new InputError(
    `there is no post-filter '${name}': write one of ${pack.name}'s behind +: ${known.join(' or ')}`,
  );
}

class PostFilteredCodec implements Codec {
  readonly settingName: string;
  readonly defaultSettings: readonly number[];

  constructor(
    readonly codec: Codec,
    readonly pack: ModelPack,
    readonly filterName: string,
    readonly graph: Uint8Array,
    readonly scale: QualityScale,
  ) {
    this.settingName = codec.settingName;
    this.defaultSettings = codec.defaultSettings;
  }

  async describe(): Promise<CodecDescription> {
    const { title, version, details } = await this.codec.describe();
    const { name, version: packVersion, id } = this.pack;
    return {
      title: `${title} + ${name}'s post-filter ${this.filterName}`,
      version: `${version}; pack ${packVersion} ${Buffer.from(id).toString('hex')}`,
      details: { ...details, 'post-filter': this.filterName, 'q of the post-filter': this.scale.formula },
    };
  }

  /** The codec's own command, and the filter as a comment, because no program filters pictures of another codec. */
  command(clip: CodecClip, task: CodecTask): string {
    return `${this.codec.command(clip, task)} # then ${this.pack.name}'s post-filter ${this.filterName}`;
  }

  async encode(clip: CodecClip, task: CodecTask, file: string): Promise<void> {
    await this.codec.encode(clip, task, file);
  }

  async *decode(file: string, clip: CodecClip, task: CodecTask): AsyncGenerator<Frame, void, undefined> {
    const { width, height } = clip.properties;
    const { device } = await resolveDevice('auto', this.pack);
    const threads = Math.max(1, task.threads);
    await using filter = new ForeignFilter(this.pack, this.graph, { width, height, device, threads });
    const q = Math.max(0, Math.min(63, Math.round(this.scale.toQ(task.setting))));
    yield* filter.filter(this.codec.decode(file, clip, task), q);
  }

  async countPayloadBits(file: string): Promise<number> {
    return await this.codec.countPayloadBits(file);
  }
}
