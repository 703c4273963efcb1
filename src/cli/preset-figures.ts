/** Speed as a share of x265 medium's, and bits against `medium`. Written by scripts/measure-presets.mjs. */
export const PRESET_FIGURES =
  'slow 0.07, -0.4 %; medium 0.16, +0.0 %; fast 0.27, +4.1 %; faster 0.33, +10.0 %; realtime 0.40, +21.4 %';
