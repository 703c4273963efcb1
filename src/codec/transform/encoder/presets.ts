import type { Preset, Tune } from '../../sequence-options.js';
import { ENCODER_SETTINGS, type EncoderSettings } from './settings.js';

/** Groups of the settings that a preset changes, and the values it changes in them. */
type Changes = { readonly [Group in keyof EncoderSettings]?: Partial<EncoderSettings[Group]> };

/** What each preset changes in the settings of a tune. docs/ENCODER.md, "Presets". */
const CHANGES: Readonly<Record<Preset, Changes>> = {
  slow: {},
  medium: {},
  fast: {},
  faster: {},
  realtime: {},
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
