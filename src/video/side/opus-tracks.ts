import type { SidePacket } from '../../bitstream/side-packets.js';
import { throwIfCancelled } from '../../errors.js';
import { OpusCoder } from './opus-coder.js';
import { makeSideTracks, type SideTracks } from './side-tracks.js';

/** How sound is coded again. */
export interface OpusOptions {
  /** Bits per second of each track; null: 48000 for each channel. */
  readonly bitRate: number | null;
  readonly signal: AbortSignal | undefined;
  /** Called for each loss, with one line. */
  readonly onNote: (note: string) => void;
}

/**
 * Codes all tracks of sound as Opus. Takes ownership of `side`.
 *
 * @throws EnvironmentError if FFmpeg cannot code Opus with this bit rate.
 */
export async function codeSoundAsOpus(side: SideTracks, { bitRate, signal, onNote }: OpusOptions): Promise<SideTracks> {
  await using given = side;
  const { tracks } = given.header;
  if (!tracks.some(({ kind }) => kind === 'audio')) return await makeSideTracks(given.header, given.packets());
  const coders = new Map<number, OpusCoder>();
  const coded: SidePacket[] = [];
  try {
    for (const [index, track] of tracks.entries()) {
      if (track.kind !== 'audio') continue;
      const coder = await OpusCoder.open(track, bitRate);
      if (coder === null) onNote(`audio track ${index + 1} (${track.codec}) is kept: FFmpeg cannot decode it`);
      else coders.set(index, coder);
    }
    for await (const packet of given.packets()) {
      throwIfCancelled(signal);
      const coder = coders.get(packet.track);
      if (coder === undefined) coded.push(packet);
      else for await (const made of coder.code(packet, packet.track)) coded.push(made);
    }
    for (const [index, coder] of coders) for await (const made of coder.code(null, index)) coded.push(made);
    for (const [index, { damaged }] of coders) {
      if (damaged > 0) onNote(`${damaged} packets of audio track ${index + 1} cannot be decoded and are left out`);
    }
    const described = tracks.map((track, index) => coders.get(index)?.track ?? track);
    return await makeSideTracks({ ...given.header, tracks: described }, inTurn(coded));
  } finally {
    for (const coder of coders.values()) coder[Symbol.dispose]();
  }
}

async function* inTurn(packets: readonly SidePacket[]): AsyncGenerator<SidePacket, void, undefined> {
  await Promise.resolve();
  yield* packets;
}
