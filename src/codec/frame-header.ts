import type { Packet } from '../bitstream/packet.js';

/** The fields of a packet that parsing and reconstruction of its frame need (FORMAT.md section 2). */
export type FrameHeader = Omit<Packet, 'duration' | 'loopChecksum' | 'tokens'>;
