/** How numbers are written in every report. No Node and no DOM here: the page's scripts share this file. */
import type { Figure } from '../../analysis/types.js';

/** The text for a missing figure. */
export const NOT_AVAILABLE = 'N/A';

/** Decimals of a metric's values: 0.01 dB, 0.0001 for values between 0 and 1, 0.01 for scores. */
export function decimalsOf({ unit, title }: { readonly unit: string; readonly title: string }): number {
  return unit === 'dB' || title.startsWith('VMAF') ? 2 : 4;
}

/** With its sign: `+12.3`, `-4.0`, `0.0`. */
export function signed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  // A value that rounds to zero has no sign.
  if (Number(text) === 0) return (0).toFixed(decimals);
  return value > 0 ? `+${text}` : text;
}

/** A figure by `write`, or N/A. */
export function orNone(figure: Figure, write: (value: number) => string): string {
  return 'value' in figure ? write(figure.value) : NOT_AVAILABLE;
}

/** Three significant digits, such as 0.0123, 4.56 and 210. */
export function threeDigits(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return '0';
  const size = Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(6, Math.max(0, 2 - size)));
}

/** Bits per pixel. */
export function bitsPerPixel(value: number): string {
  return value >= 1 ? value.toFixed(2) : value >= 0.1 ? value.toFixed(3) : value.toFixed(4);
}

/** `812 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
