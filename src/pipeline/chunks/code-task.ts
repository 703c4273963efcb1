import type { QualityControl } from '../../codec/encoder.js';
import type { QualityRange } from '../../codec/family.js';
import { FrameScaler } from '../../video/convert/frame-scaler.js';
import type { Frame } from '../../video/frame.js';
import { BudgetControl } from '../rate/budget-control.js';
import { SCOUT_OPTIONS, scoutSize } from '../rate/scout.js';
import type { KeptCodecs } from './kept-codecs.js';
import { codeChunk, type CodedChunk } from './code-chunk.js';
import type { ChunkedVideo, ChunkQuality, ChunkTask, ChunkWatch } from './chunk-coders.js';

/** Codes a chunk in this process. */
export async function codeTask(
  codecs: KeptCodecs,
  { properties, encoder, qualities }: Pick<ChunkedVideo, 'properties' | 'encoder' | 'qualities'>,
  { frames, isScout, quality }: Pick<ChunkTask, 'frames' | 'isScout' | 'quality'>,
  { signal, onFrame }: { readonly signal: AbortSignal | undefined } & Pick<ChunkWatch, 'onFrame'>,
): Promise<CodedChunk> {
  const options = quality.kind === 'constant' ? { ...encoder, quality: quality.quality } : encoder;
  const setup = { codecs, options, signal, onPacket: onFrame };
  const control = controlOf(quality, qualities);
  if (!isScout) return await codeChunk({ ...setup, properties }, frames(), control);
  const size = scoutSize(properties);
  using scaler = new FrameScaler(size.width, size.height, properties.colour.fullRange);
  async function* scaled(): AsyncGenerator<Frame, void, undefined> {
    for await (const frame of frames()) yield await scaler.scale(frame);
  }
  return await codeChunk({ ...setup, properties: size, options: { ...options, ...SCOUT_OPTIONS } }, scaled(), control);
}

function controlOf(quality: ChunkQuality, qualities: QualityRange): QualityControl | null {
  if (quality.kind === 'constant') return null;
  const { bits, known, scale, limit } = quality;
  const control = new BudgetControl({ qualities, scale, isStrict: false, ...(limit === null ? {} : { limit }) }, bits);
  for (const frame of known) control.know(frame);
  control.end();
  return control;
}
