import type { Packet } from '../bitstream/packet.js';

/** What the syntax and the reconstruction of a frame need of its packet (FORMAT.md section 2). */
export type FrameHead = Omit<Packet, 'duration' | 'loopChecksum' | 'tokens'>;
