import { prepend } from '../bitstream/bytes.js';
import type { StreamReader, StreamSection } from '../bitstream/stream-reader.js';
import { BitstreamError, throwIfCancelled } from '../errors.js';
import { openSideTracks, type SideTracks } from '../video/side/side-tracks.js';

/** The survey of a stream: its side data and its number of frames. */
export interface Survey {
  /** Null if there is no side data, or if it is too damaged. Dispose it. */
  readonly side: SideTracks | null;
  /** The reason why it is not complete; null if it is complete. */
  readonly sideFault: string | null;
}

/**
 * Reads the whole stream without decoding pictures.
 *
 * @param visit called with every section in order.
 * @throws BitstreamError at damage if the reader is strict; CancelledError.
 */
export async function surveyStream(
  reader: StreamReader,
  visit: (section: StreamSection) => void,
  signal?: AbortSignal,
): Promise<Survey> {
  let sideFault: string | null = null;
  async function* sideBytes(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const section of reader.sections()) {
      throwIfCancelled(signal);
      visit(section);
      if (section.kind === 'damaged' && section.sectionKind === 'side') {
        sideFault ??= 'a side data section is damaged: sound and other tracks end there';
      }
      // After a gap, the boundaries between packets are unknown.
      if (section.kind === 'side' && sideFault === null) yield section.bytes;
    }
  }
  const chunks = sideBytes();
  const first = await chunks.next();
  if (first.done === true) return { side: null, sideFault };
  try {
    // Takes all chunks before it looks at them: the whole stream is visited even if they are damaged. The generator
    // has ended then, so that what it noted is complete.
    const side = await openSideTracks(prepend(first.value, chunks));
    return { side, sideFault };
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    return { side: null, sideFault: `the side data (sound and other tracks) is lost: ${error.message}` };
  }
}
