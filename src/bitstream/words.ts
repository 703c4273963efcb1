import { InputError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { rawBytes, uint, varint } from './field-types.js';
import { structure } from './structure.js';

/** A word of a scene. */
export interface SceneWord {
  /** Number of a node of the vocabulary. */
  readonly node: number;
  /** Confidence in steps of 1/255, 1..255. */
  readonly confidence: number;
}

/** The words of a scene. */
export interface WordScene {
  /** Length in milliseconds. The scene begins where the scene before it ends; the first one at the first picture. */
  readonly durationMs: number;
  /** In the order of their nodes. */
  readonly words: readonly SceneWord[];
}

/** The words of a video: the contents of a words section (docs/FORMAT.md section 3). */
export interface StreamWords {
  /** Edition of the vocabulary that numbers the nodes. */
  readonly vocabularyEdition: number;
  /** 8 bytes: identity of the vocabulary. */
  readonly vocabularyId: Uint8Array;
  /** True if the words come from decoded pictures, which tell less than the original. */
  readonly isFromDecoded: boolean;
  readonly scenes: readonly WordScene[];
}

/** The number of bytes of the identity of a vocabulary. */
export const VOCABULARY_ID_BYTES = 8;

/** The largest number of a node. */
export const NODE_LIMIT = 2 ** 16 - 1;

/** The largest number of words of a scene. */
export const SCENE_WORD_LIMIT = 255;

/** The largest length of a scene in milliseconds. */
const SCENE_DURATION_LIMIT = 2n ** 53n - 1n;

/** The fields of a words section before its scenes. */
export const wordsHeadFields = structure({
  vocabularyEdition: uint(2, 1, 65535),
  vocabularyId: rawBytes(VOCABULARY_ID_BYTES),
  source: uint(1, 0, 1),
  sceneCount: varint(2n ** 32n - 1n),
});

/** The fields of a scene before its words. */
export const sceneFields = structure({
  duration: varint(SCENE_DURATION_LIMIT),
  wordCount: uint(1, 0, SCENE_WORD_LIMIT),
});

/** A word of a scene. `node` is the difference to the node of the word before; the first one to -1. */
export const sceneWordFields = structure({ node: varint(BigInt(NODE_LIMIT) + 1n), confidence: uint(1, 1, 255) });

/**
 * Payload of a words section.
 *
 * @throws InputError if a value does not fit into it.
 */
export function encodeWords({ vocabularyEdition, vocabularyId, isFromDecoded, scenes }: StreamWords): Uint8Array {
  const writer = new ByteWriter();
  const head = { vocabularyEdition, vocabularyId, source: Number(isFromDecoded), sceneCount: BigInt(scenes.length) };
  wordsHeadFields.write(writer, head, 'words');
  for (const { durationMs, words } of scenes) {
    sceneFields.write(writer, { duration: BigInt(durationMs), wordCount: words.length }, 'scene');
    let before = -1;
    for (const { node, confidence } of words) {
      if (node <= before || node > NODE_LIMIT) {
        throw new InputError(`word node ${node} does not fit into a .tsr stream: nodes increase, up to ${NODE_LIMIT}`);
      }
      sceneWordFields.write(writer, { node: BigInt(node - before), confidence }, 'word');
      before = node;
    }
  }
  return writer.finish();
}

/** The number of bytes of a scene in a words section. */
export function sceneBytes({ durationMs, words }: WordScene): number {
  let bytes = sceneFields.size({ duration: BigInt(durationMs), wordCount: words.length });
  let before = -1;
  for (const { node, confidence } of words) {
    bytes += sceneWordFields.size({ node: BigInt(node - before), confidence });
    before = node;
  }
  return bytes;
}

/**
 * Reads the payload of a words section.
 *
 * @param offset of the payload in the stream, for messages.
 * @throws BitstreamError
 */
export function decodeWords(payload: Uint8Array, offset: number): StreamWords {
  const reader = new ByteReader(payload, offset);
  const { vocabularyEdition, vocabularyId, source, sceneCount } = wordsHeadFields.read(reader, 'words');
  // A scene has at least two bytes, so an impossible count allocates nothing.
  if (sceneCount * 2n > BigInt(reader.remaining)) throw reader.error(`${sceneCount} scenes`, 'sceneCount', offset);
  const scenes: WordScene[] = [];
  for (let scene = 0; scene < Number(sceneCount); scene++) {
    const { duration, wordCount } = sceneFields.read(reader, 'scene');
    const words: SceneWord[] = [];
    let node = -1;
    for (let word = 0; word < wordCount; word++) {
      const { node: step, confidence } = sceneWordFields.read(reader, 'word');
      node += Number(step);
      if (step === 0n || node > NODE_LIMIT) throw reader.error('words are not in order', 'node');
      words.push({ node, confidence });
    }
    scenes.push({ durationMs: Number(duration), words });
  }
  if (reader.remaining > 0) throw reader.error('bytes follow the scenes', 'words');
  return { vocabularyEdition, vocabularyId, isFromDecoded: source === 1, scenes };
}
