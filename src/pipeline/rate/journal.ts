import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Packet } from '../../bitstream/packet.js';
import { InputError } from '../../errors.js';
import { makeTemporaryFolder, removeScratch } from '../../io/scratch.js';
import { describeWriteError } from '../../io/temporary-file.js';
import { crc32c } from '../../platform/checksums.js';
import type { ScoutedFrame } from './scout.js';
import type { ChunkReport } from './rate-report.js';

/** A finished chunk. */
export interface ChunkRecord {
  readonly kind: 'chunk';
  /** The number of the chunk; a later record of the same number replaces it. */
  readonly index: number;
  /** The number of its first frame. */
  readonly from: number;
  readonly packets: readonly Packet[];
  /** The quality that was decided for each packet. */
  readonly qualities: readonly number[];
  readonly report: ChunkReport;
  /** With a target: its metric for each frame, else empty. */
  readonly values: readonly number[];
  /** The number of {@link CutRecord}s that it has been coded again for. */
  readonly cuts: number;
}

/** A decision to code chunks again with fewer bytes; null for those that stay. */
export interface CutRecord {
  readonly kind: 'cut';
  readonly budgets: readonly (number | null)[];
}

/** What a journal holds. The first record tells which command wrote it. */
export type JournalRecord =
  | { readonly kind: 'command'; readonly fingerprint: string }
  | { readonly kind: 'scout'; readonly frames: readonly ScoutedFrame[] }
  | ChunkRecord
  | CutRecord;

/** Bytes of a record's length and CRC. */
const HEAD_BYTES = 8;

/**
 * A file that keeps finished work of a long call, so that a call that was stopped can go on. A record that was cut when
 * the program ended is left out.
 */
export class Journal implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  /** The folder to remove, of a journal without a path. */
  readonly #folder: string | null;
  #end = 0;
  #isKept = false;
  #chunkCount = 0;
  #scout: readonly ScoutedFrame[] | null = null;
  readonly #cuts: CutRecord[] = [];
  /** Place of the last record of each chunk. */
  readonly #chunks: ({ position: number; length: number } | undefined)[] = [];

  private constructor(path: string, file: FileHandle, folder: string | null) {
    this.#path = path;
    this.#file = file;
    this.#folder = folder;
  }

  /**
   * Opens a journal.
   *
   * @param path the file; null: a temporary file, for a call that cannot be resumed.
   * @param fingerprint tells commands apart.
   * @param resume true: take the records of an earlier call, if there are any.
   * @param overwrite true: replace the journal of an earlier call.
   * @throws InputError if an earlier call left a journal and neither is set, or it is of another command;
   * EnvironmentError if the file cannot be written.
   */
  static async open(
    path: string | null,
    fingerprint: string,
    { resume, overwrite }: { readonly resume: boolean; readonly overwrite: boolean },
  ): Promise<Journal> {
    const folder = path === null ? await makeTemporaryFolder() : null;
    const place = path ?? join(folder!, 'journal');
    const exists = (await stat(place).catch(() => null)) !== null;
    if (exists && !resume && !overwrite) {
      throw new InputError(
        `${place} is left from a call that was stopped: go on with it with --resume, or start again with -y (overwrite)`,
      );
    }
    let file: FileHandle;
    try {
      file = await open(place, exists && resume ? 'r+' : 'w+');
    } catch (error) {
      throw describeWriteError(error, place);
    }
    const journal = new Journal(place, file, folder);
    try {
      await journal.#load(fingerprint);
      return journal;
    } catch (error) {
      journal.keep();
      await journal[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The file; null if it is temporary. */
  get path(): string | null {
    return this.#folder === null ? this.#path : null;
  }

  /** What the first pass learned; null if it has not ended. */
  get scout(): readonly ScoutedFrame[] | null {
    return this.#scout;
  }

  /** Decisions to code chunks again, in their order. */
  get cuts(): readonly CutRecord[] {
    return this.#cuts;
  }

  /** The number of chunks. */
  get chunkCount(): number {
    return this.#chunkCount;
  }

  /** Whether a chunk is finished. */
  has(index: number): boolean {
    return this.#chunks[index] !== undefined;
  }

  /** Returns a chunk. */
  async chunk(index: number): Promise<ChunkRecord> {
    const { position, length } = this.#chunks[index]!;
    return deserialize(await this.#read(position, length)) as ChunkRecord;
  }

  /** All chunks so far, in order. */
  async *chunks(): AsyncGenerator<ChunkRecord, void, undefined> {
    for (let index = 0; index < this.#chunks.length; index++) {
      if (this.has(index)) yield await this.chunk(index);
    }
  }

  /** All chunks in order, in memory. */
  async allChunks(): Promise<ChunkRecord[]> {
    const all: ChunkRecord[] = [];
    for await (const chunk of this.chunks()) all.push(chunk);
    return all;
  }

  /**
   * Appends a record.
   *
   * @throws EnvironmentError if the disk is full or the file cannot be written.
   */
  async add(record: JournalRecord): Promise<void> {
    const payload = serialize(record);
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(payload.length, 0);
    head.writeUInt32LE(crc32c(payload), 4);
    try {
      const bytes = Buffer.concat([head, payload]);
      await this.#file.write(bytes, 0, bytes.length, this.#end);
    } catch (error) {
      throw describeWriteError(error, this.#path);
    }
    this.#accept(record, this.#end + HEAD_BYTES, payload.length);
  }

  /** Keeps the file when the journal is disposed. */
  keep(): void {
    this.#isKept = true;
  }

  /** Closes the file and removes it, if it is not kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    if (this.#folder !== null) await removeScratch(this.#folder);
    else if (!this.#isKept) await rm(this.#path, { force: true });
  }

  async #load(fingerprint: string): Promise<void> {
    const { size } = await this.#file.stat();
    for (let isFirst = true; this.#end + HEAD_BYTES <= size; isFirst = false) {
      const head = await this.#read(this.#end, HEAD_BYTES);
      const length = head.readUInt32LE(0);
      if (this.#end + HEAD_BYTES + length > size) break;
      const payload = await this.#read(this.#end + HEAD_BYTES, length);
      if (crc32c(payload) !== head.readUInt32LE(4)) break;
      const record = deserialize(payload) as JournalRecord;
      if (isFirst && (record.kind !== 'command' || record.fingerprint !== fingerprint)) {
        throw new InputError(
          `${this.#path} is of another command or another input: repeat the command that was stopped, or remove the file`,
        );
      }
      this.#accept(record, this.#end + HEAD_BYTES, length);
    }
    await this.#file.truncate(this.#end);
    if (this.#end === 0) await this.add({ kind: 'command', fingerprint });
  }

  #accept(record: JournalRecord, position: number, length: number): void {
    this.#end = position + length;
    if (record.kind === 'scout') this.#scout = record.frames;
    if (record.kind === 'cut') this.#cuts.push(record);
    if (record.kind === 'chunk') {
      if (!this.has(record.index)) this.#chunkCount++;
      this.#chunks[record.index] = { position, length };
    }
  }

  async #read(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    await this.#file.read(bytes, 0, length, position);
    return bytes;
  }
}
