import { prepareThreads } from '../platform/browser/thread.js';
import type { PlayerPostFilter, PlayerSource, StreamInfo } from './api.js';
import { openBytes } from './byte-sources.js';
import { colourMatrixOf } from './colour-matrix.js';
import type { DecodingRun } from './decoding-run.js';
import { toPlayerError } from './failure.js';
import { FILTER_THREAD, FramePipeline, isAborted, THREADS } from './frame-pipeline.js';
import { loadPlayerPack } from './load-pack.js';
import { OpenedStream } from './opened-stream.js';
import { layoutOf } from './picture-layout.js';
import { makeRenderer, type PlayerCanvas, type Renderer } from './renderer.js';
import { SideData } from './side-data.js';
import type { Sound } from './sound.js';

/** Everything that belongs to one source. */
export interface Session {
  readonly stream: OpenedStream;
  readonly pipeline: FramePipeline;
  readonly renderer: Renderer;
  readonly info: StreamInfo;
  /** The filter that the pack recommends. */
  readonly defaultFilter: PlayerPostFilter;
  readonly side: SideData | null;
  sound: Sound | null;
  run: DecodingRun | null;
}

/** What a session needs beside its source. */
export interface SessionSetup {
  /** Address of the folder of packs. */
  readonly packs: string;
  readonly canvas: PlayerCanvas;
  /** The wanted filter; null: what the pack recommends. */
  readonly postFilter: PlayerPostFilter | null;
  /** Ends everything when it fires. */
  readonly signal: AbortSignal;
  /** Called with a sentence if sound and subtitles are lost. */
  readonly onSideLost: (message: string) => void;
}

/**
 * Opens a source. What does not depend on each other is loaded at the same time. Resolves to null if `signal` fires.
 *
 * @throws PlayerFailure, BitstreamError, ModelError or EnvironmentError if it cannot be played.
 */
export async function openSession(source: PlayerSource, setup: SessionSetup): Promise<Session | null> {
  const { packs, canvas, postFilter, signal, onSideLost } = setup;
  const threads = prepareThreads(postFilter === 'none' ? THREADS : [...THREADS, FILTER_THREAD]);
  threads.catch(() => undefined);
  const bytes = await openBytes(source);
  signal.addEventListener('abort', () => bytes.close());
  if (signal.aborted) {
    bytes.close();
    return null;
  }
  const stream = await OpenedStream.open(bytes);
  const { header } = stream;
  const opening = SideData.open(stream.reader).catch((error: unknown) => {
    onSideLost(`sound and subtitles are lost: ${toPlayerError(error).message}`);
    return null;
  });
  const [pack, side] = await Promise.all([loadPlayerPack(packs, header, postFilter), opening, threads]);
  if (isAborted(signal)) return null;
  const pipeline = new FramePipeline(header, pack);
  signal.addEventListener('abort', () => void pipeline[Symbol.asyncDispose]().catch(() => undefined));
  const renderer = makeRenderer(canvas, {
    layout: layoutOf(header),
    colour: colourMatrixOf(header),
    stride: pipeline.codedWidth,
    // H.273's types 0 and 2, and unspecified, lie at the left.
    isChromaLeft: [0, 1, 3, 5].includes(header.colour.chromaLocation),
  });
  signal.addEventListener('abort', () => renderer.close());
  const info: StreamInfo = {
    ...{ width: header.width, height: header.height, packName: header.packName },
    frameRate: header.frameRate.num / header.frameRate.den,
    hasSound: side?.header.tracks.some(({ kind }) => kind === 'audio') ?? false,
    byteLength: Number.isFinite(bytes.size) ? bytes.size : null,
  };
  const defaultFilter = pack.pack.manifest.defaultPostFilter === 'lpips' ? 'lpips' : 'none';
  return { stream, pipeline, renderer, info, defaultFilter, side, sound: null, run: null };
}
