import type { TimedPicture } from '../../src/codec/planes.js';
import { seededRandom } from '../entropy/random.js';

/** What moves how: a texture that pans, noise that never repeats, flat black, one sample black, the next white. */
export type ClipKind = 'pan' | 'noise' | 'black' | 'checks';

/** A synthetic picture; `time` counts frames, is their time stamp, and `scene` makes others of the same kind. */
export function picture(kind: ClipKind, width: number, height: number, time: number, scene = 0): TimedPicture {
  const random = seededRandom(1 + scene * 977 + (kind === 'noise' ? time * 31 : 0));
  const phase = random() * 50;
  const sample = (x: number, y: number): number => {
    switch (kind) {
      case 'pan':
        return 128 + 60 * Math.sin((x + phase) / (4 + scene)) * Math.cos(y / 6) + ((x * 7 + y * 13) % 11);
      case 'noise':
        return random() * 256;
      case 'black':
        return 0;
      case 'checks':
        return (x + y + time) % 2 === 0 ? 0 : 255;
    }
  };
  const plane = (w: number, h: number, scale: number, gain: number): Uint8Array =>
    Uint8Array.from({ length: w * h }, (_, i) => {
      const [x, y] = [(i % w) * scale + 1.5 * time, Math.floor(i / w) * scale - 0.75 * time];
      const whole = kind === 'checks' ? sample(i % w, Math.floor(i / w)) : sample(x, y);
      return Math.max(0, Math.min(255, Math.round(128 + gain * (whole - 128))));
    });
  const [halfWidth, halfHeight] = [(width + 1) >> 1, (height + 1) >> 1];
  const gain = kind === 'pan' ? 0.3 : 1;
  return {
    y: plane(width, height, 1, 1),
    u: plane(halfWidth, halfHeight, 2, gain),
    v: plane(halfWidth, halfHeight, 2, -gain),
    pts: BigInt(time),
  };
}
