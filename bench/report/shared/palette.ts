/**
 * One colour, dash and marker per codec, the same in every chart. Colours are those of M. Okabe and K. Ito, "Color
 * universal design" (2008), which people with any colour vision tell apart, made lighter or darker where the background
 * asks for it; dashes and markers say the same again.
 */
export interface CodecStyle {
  /** On white. */
  readonly light: string;
  /** On near-black. */
  readonly dark: string;
  /** Lengths of strokes and gaps, pixels; empty: a whole line. */
  readonly dash: readonly number[];
  readonly marker: Marker;
}

/** Shapes of points. */
export type Marker = 'circle' | 'square' | 'triangle' | 'diamond' | 'cross' | 'down';

/** The colours of the learned codecs. */
const LEARNED: readonly (readonly [string, string])[] = [
  ['#c8500a', '#ff8a4c'],
  ['#b0327a', '#f08cc4'],
  ['#7a1f1f', '#ffb4a8'],
];

const OTHERS: readonly (readonly [string, string])[] = [
  ['#0067b0', '#5cb1f0'],
  ['#00845f', '#35c79b'],
  ['#a06a00', '#e8b13a'],
  ['#7a4fb5', '#b99af0'],
  ['#5a6472', '#aab4c2'],
  ['#1787a8', '#7fd6ee'],
];

/** Colours that need no dash. */
const FARTHEST = 4;

const MARKERS: readonly Marker[] = ['circle', 'square', 'triangle', 'diamond', 'cross', 'down'];
const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3]];

/** Styles of a run's codecs, in their order: tessera's packs stand out, the others follow each other. */
export function codecStyles(names: readonly string[]): CodecStyle[] {
  let learned = 0;
  let others = 0;
  return names.map((name, index) => {
    const isLearned = name.startsWith('tessera');
    const [colours, at] = isLearned ? [LEARNED, learned++] : [OTHERS, others++];
    const [light, dark] = colours[at % colours.length]!;
    return {
      light,
      dark,
      // The first four colours are the farthest apart; the others are dashed as well.
      dash: DASHES[Math.floor(at / FARTHEST) % DASHES.length]!,
      marker: MARKERS[index % MARKERS.length]!,
    };
  });
}
