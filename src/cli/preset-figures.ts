/** Speed as a share of x265 medium's, and bits against `medium`. Written by scripts/measure-presets.mjs. */
export const PRESET_FIGURES =
  'slow 0.07, -0.0 %; medium 0.16, +0.0 %; fast 0.23, +4.5 %; faster 0.29, +10.5 %; realtime 0.34, +22.1 %';
