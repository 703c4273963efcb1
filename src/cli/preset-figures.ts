/** Speed as a share of x265 medium's, and bits against `medium`. Written by scripts/measure-presets.mjs. */
export const PRESET_FIGURES =
  'slow 0.08, -0.0 %; medium 0.17, +0.0 %; fast 0.26, +4.5 %; faster 0.32, +10.5 %; realtime 0.40, +22.1 %';
