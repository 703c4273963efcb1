/** Speed as a share of x265 medium's, and bits against `medium`. Written by scripts/measure-presets.mjs. */
export const PRESET_FIGURES = 'not measured';
