/** Speed as a share of x265 medium's, and bits against `medium`. Written by scripts/measure-presets.mjs. */
export const PRESET_FIGURES =
  'slow 0.14, +0.0 %; medium 0.15, +0.0 %; fast 0.24, +4.6 %; faster 0.28, +10.5 %; realtime 0.34, +20.9 %';
