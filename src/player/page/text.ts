/** `0:05.2`, `1:02:03.5`. */
export function timeText(seconds: number): string {
  const tenths = Math.max(0, Math.floor(seconds * 10 + 1e-6));
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, '0');
  const minutes = Math.floor(tenths / 600);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** The length of a video. A pipe that has not ended has none. */
export function lengthText(seconds: number): string {
  if (Number.isNaN(seconds)) return '–:––';
  return Number.isFinite(seconds) ? timeText(seconds) : 'live';
}

/** `3 minutes 5 seconds`, for screen readers. */
export function spokenTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  return minutes === 0 ? countOf(rest, 'second') : `${countOf(minutes, 'minute')} ${countOf(rest, 'second')}`;
}

/** `1 frame`, `2 frames`. */
export function countOf(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`;
}

/** `1.2 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return countOf(bytes, 'byte');
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `12.3 kbit`. */
export function bitsText(bits: number): string {
  return bits < 10_000 ? countOf(bits, 'bit') : `${(bits / 1000).toFixed(bits < 100_000 ? 1 : 0)} kbit`;
}
