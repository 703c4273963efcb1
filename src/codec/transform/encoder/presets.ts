import type { Preset, Tune } from '../../sequence-options.js';
import { ENCODER_SETTINGS, type EncoderSettings } from './settings.js';

/** Groups of the settings that a preset changes, and the values it changes in them. */
type Changes = { readonly [Group in keyof EncoderSettings]?: Partial<EncoderSettings[Group]> };

/** Decisions that `faster` and `realtime` share. */
const FEWER_TRIALS: Changes = {
  lookAhead: { directions: 4 },
  miniGop: { isChosen: false },
  intra: { firstMargin: 1, fine: false },
};

/** What each preset changes in the settings of a tune. docs/ENCODER.md, "Presets"; LOG, "Presets". */
const CHANGES: Readonly<Record<Preset, Changes>> = {
  slow: {
    // Other q are mostly larger ones: lambda is larger by half a step of q to make up for that.
    lagrangian: { key: 0.078, referenced: 0.112, unreferenced: 0.157 },
    passes: { filterSlots: null, offsetTrials: [1, -1] },
    motion: { searchSteps: 64 },
    inter: { trialMargin: 2, splitMargin: 1.25, earlySkipBits: [8, 16, 32] },
    intra: { interMargin: 1.3 },
  },
  medium: {},
  fast: {
    lookAhead: { directions: 4 },
    passes: { key: 1, filterSlots: 3 },
    motion: { refineMargin: 0, directions: 4, searchSteps: 12 },
    inter: { trialMargin: 1, earlySkipBits: [32, 64, 128], splitFrames: 'referenced', stopBits: [0, 250, 500] },
    intra: { firstMargin: 1 },
  },
  faster: {
    ...FEWER_TRIALS,
    passes: { key: 1, filterSlots: 3, learnsAll: false },
    motion: { refineMargin: 0, directions: 4, searchSteps: 8 },
    inter: { trialMargin: 1, earlySkipBits: [48, 96, 192], splitFrames: 'none', stopBits: [0, 400, 900] },
  },
  realtime: {
    ...FEWER_TRIALS,
    structure: { largestMiniGop: 8, lookAheadFrames: 20 },
    temporalFilter: { distanceWeights: [1] },
    passes: { key: 1, filterSlots: 1, learnsAll: false },
    motion: { refineMargin: 0, directions: 4, searchSteps: 6 },
    inter: { trialMargin: 1, earlySkipBits: [64, 128, 256], splitFrames: 'none', stopBits: [0, 800, 2400] },
    intra: { ...FEWER_TRIALS.intra, interMargin: 0.8, subBlocksInInter: false },
  },
};

/** The settings of a tune and a preset. */
export function settingsOf(tune: Tune, preset: Preset = 'medium'): EncoderSettings {
  const settings: Record<string, unknown> = { ...ENCODER_SETTINGS[tune] };
  for (const [group, changes] of Object.entries(CHANGES[preset])) {
    // A part that a tune switches off stays off.
    if (settings[group] !== null) settings[group] = { ...(settings[group] as object), ...changes };
  }
  return settings as unknown as EncoderSettings;
}
