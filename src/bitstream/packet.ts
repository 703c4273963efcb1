import { InputError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { uint, varint, when, zigzag } from './field-types.js';
import { SLOT_LIMIT, TIME_LIMIT } from './limits.js';
import { bitField, structure } from './structure.js';

/** One coded frame. */
export interface Packet {
  readonly kind: 'key' | 'inter';
  /** Quality index of the frame, 0..63. */
  readonly q: number;
  /** Slot, 0..7, of the first reference; null in key frames. */
  readonly referenceSlot0: number | null;
  /** Slot of the second reference; null if there is none. */
  readonly referenceSlot1: number | null;
  /** Slot that holds the frame after decoding; null if no later frame refers to it. */
  readonly refreshSlot: number | null;
  /** 0..3. Family `transform`: the luma interpolation filter; `lookup-free`: a picture or a number of token grids. */
  readonly variant: number;
  /** Whether regions have q offsets. */
  readonly hasQOffsets: boolean;
  /** Whether regions may be loop filtered. */
  readonly hasLoopFilter: boolean;
  /** Presentation time in ticks of the stream's time base. */
  readonly pts: bigint;
  /** Display duration in ticks; 0n if unknown. */
  readonly duration: bigint;
  /** CRC-32C of the loop picture; null if the packet carries none. */
  readonly loopChecksum: number | null;
  /** The frame's entropy-coded tokens. */
  readonly tokens: Uint8Array;
}

/**
 * Values that packets inherit from the last key packet in coding order. They do not inherit from the packet before
 * them, so the loss of an inter packet changes no other time stamp.
 */
export interface KeyState {
  readonly pts: bigint;
  readonly duration: bigint;
  /**
   * 0 or 1. It changes with every key packet, so a reader can detect that the key packet of an inter packet is lost.
   */
  readonly parity: number;
}

const flags = bitField(2, {
  references: 2,
  keyParity: 1,
  hasRefreshSlot: 1,
  variant: 2,
  hasQOffsets: 1,
  hasLoopFilter: 1,
  hasDuration: 1,
  hasLoopChecksum: 1,
  q: 6,
});

type PacketFlags = ReturnType<typeof flags.read>;

function hasFlag(test: (flags: PacketFlags) => boolean): (before: Readonly<Record<string, unknown>>) => boolean {
  return (before) => test(before['flags'] as PacketFlags);
}

const slot = uint(1, 0, SLOT_LIMIT - 1);

/** Fields of a packet before its tokens. */
export const packetFields = structure(
  {
    flags,
    referenceSlot0: when(
      hasFlag(({ references }) => references >= 1),
      slot,
    ),
    referenceSlot1: when(
      hasFlag(({ references }) => references === 2),
      slot,
    ),
    refreshSlot: when(
      hasFlag(({ hasRefreshSlot }) => hasRefreshSlot === 1),
      slot,
    ),
    pts: zigzag(),
    duration: when(
      hasFlag(({ hasDuration }) => hasDuration === 1),
      varint(TIME_LIMIT - 1n),
    ),
    loopChecksum: when(
      hasFlag(({ hasLoopChecksum }) => hasLoopChecksum === 1),
      uint(4, 0, 2 ** 32 - 1),
    ),
  },
  (header, fail) => {
    if (header.flags.references === 3) fail('flags', 'a packet names at most two references');
    if (header.flags.references === 0 && header.duration === null) fail('flags', 'a key packet has a duration');
  },
);

/** Returns the payload of a packet section.
 *
 * @param key state of the key packet before it; null if there is none, which only a key packet may have.
 * @throws InputError if a value does not fit into the format.
 */
export function encodePacket(packet: Packet, key: KeyState | null): Uint8Array {
  checkPacket(packet);
  const isKey = packet.kind === 'key';
  if (!isKey && key === null)
    throw new InputError('a stream starts with an inter packet: it must start with a key packet');
  const base = isKey || key === null ? { pts: 0n, duration: -1n, parity: key === null ? 0 : 1 - key.parity } : key;
  const duration = packet.duration === base.duration ? null : packet.duration;
  const writer = new ByteWriter();
  packetFields.write(
    writer,
    {
      flags: {
        references: Number(packet.referenceSlot0 !== null) + Number(packet.referenceSlot1 !== null),
        keyParity: base.parity,
        hasRefreshSlot: Number(packet.refreshSlot !== null),
        variant: packet.variant,
        hasQOffsets: Number(packet.hasQOffsets),
        hasLoopFilter: Number(packet.hasLoopFilter),
        hasDuration: Number(duration !== null),
        hasLoopChecksum: Number(packet.loopChecksum !== null),
        q: packet.q,
      },
      referenceSlot0: packet.referenceSlot0,
      referenceSlot1: packet.referenceSlot1,
      refreshSlot: packet.refreshSlot,
      pts: packet.pts - base.pts,
      duration,
      loopChecksum: packet.loopChecksum,
    },
    'packet',
  );
  writer.bytes(packet.tokens);
  return writer.finish();
}

/**
 * Reads the payload of a packet section; `tokens` is a view of it.
 *
 * @param key state of the key packet before it; null if there is none.
 * @param slotCount the number of reference slots of the stream.
 * @param offset offset of the payload in the stream, for errors.
 * @throws BitstreamError if a field is wrong or an inter packet's key packet is missing.
 */
export function decodePacket(payload: Uint8Array, key: KeyState | null, slotCount: number, offset: number): Packet {
  const reader = new ByteReader(payload, offset);
  const header = packetFields.read(reader, 'packet');
  const isKey = header.flags.references === 0;
  if (!isKey && (key === null || key.parity !== header.flags.keyParity)) {
    throw reader.error('the key packet of this inter packet is missing', 'keyParity', offset);
  }
  const base = isKey || key === null ? { pts: 0n, duration: 0n } : key;
  const pts = base.pts + header.pts;
  if (pts < -TIME_LIMIT || pts >= TIME_LIMIT) throw reader.error(`time stamp ${pts}`, 'pts', offset);
  for (const field of ['referenceSlot0', 'referenceSlot1', 'refreshSlot'] as const) {
    const value = header[field];
    if (value !== null && value >= slotCount) {
      throw reader.error(`slot ${value} of ${slotCount}`, field, offset);
    }
  }
  return {
    kind: isKey ? 'key' : 'inter',
    q: header.flags.q,
    referenceSlot0: header.referenceSlot0,
    referenceSlot1: header.referenceSlot1,
    refreshSlot: header.refreshSlot,
    variant: header.flags.variant,
    hasQOffsets: header.flags.hasQOffsets === 1,
    hasLoopFilter: header.flags.hasLoopFilter === 1,
    pts,
    duration: header.duration ?? base.duration,
    loopChecksum: header.loopChecksum,
    tokens: reader.bytes(reader.remaining, 'tokens'),
  };
}

/** Returns the state that the packets after `packet` inherit. `payload` is its coded form, which holds the parity. */
export function keyStateAfter(packet: Packet, payload: Uint8Array, before: KeyState | null): KeyState | null {
  if (packet.kind !== 'key') return before;
  const { keyParity } = flags.read(new ByteReader(payload), 'flags');
  return { pts: packet.pts, duration: packet.duration, parity: keyParity };
}

function checkPacket(packet: Packet): void {
  const isKey = packet.kind === 'key';
  if (
    isKey !== (packet.referenceSlot0 === null) ||
    (packet.referenceSlot1 !== null && packet.referenceSlot0 === null)
  ) {
    throw new InputError(`packet of kind ${packet.kind} with referenceSlot0 ${packet.referenceSlot0}`);
  }
  if (packet.pts < -TIME_LIMIT || packet.pts >= TIME_LIMIT) {
    throw new InputError(`time stamp ${packet.pts} does not fit into a .tsr stream`);
  }
}
