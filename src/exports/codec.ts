/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Frames to packets and back, with model packs and devices.
 *
 * @module tessera-codec/codec
 */

// Frames to packets and back.
export {
  DEFAULT_PACK,
  Encoder,
  type EncodeOptions,
  type EncoderOptions,
  type QualityControl,
} from '../codec/encoder.js';
export type { QualityRange } from '../codec/family.js';
export type { Preset, Tune } from '../codec/sequence-options.js';
export {
  Decoder,
  type DecodedFrame,
  type DecoderOptions,
  type DecodingProblem,
  type PacketOrLoss,
  type PostFilter,
} from '../codec/decoder.js';

// Inputs and outputs.
export type { Packet } from '../bitstream/packet.js';
export type { ContentLight, DisplayFields, FieldOrder, MasteringDisplay } from '../bitstream/display-fields.js';
export type { StreamHeader } from '../bitstream/stream-header.js';
export type { ColourDescription, Frame, Rational } from '../video/frame.js';

// Model packs and devices.
export { loadPack, packPlaces, type ModelPack } from '../model/pack.js';
export type {
  ExactGraphRole,
  FileRole,
  GraphRole,
  PackFamily,
  PackFile,
  PackManifest,
  PostFilterRole,
  TokenizerRole,
} from '../model/manifest.js';
export type { Tensor, TensorArray, TensorType } from '../model/safetensors.js';
export { selfTestPack, type SelfTestResult } from '../model/self-test.js';
export { resolveDevice, type ResolvedDevice } from '../model/device.js';
export type { Device, GraphOptimisation, GraphOptions } from '../model/graph.js';

// Errors.
export { BitstreamError, CancelledError, EnvironmentError, InputError, ModelError, TesseraError } from '../errors.js';
