import sharp from 'sharp';
import type { TopLevelSpec } from 'vega-lite';

/** A drawn plot. */
export interface DrawnPlot {
  readonly svg: string;
  /** Two pixels per unit of the SVG. */
  readonly png: Uint8Array;
}

/** Draws a specification of Vega-Lite without a browser. Letters of the PNG are those of the machine's fonts. */
export async function drawPlot(spec: TopLevelSpec): Promise<DrawnPlot> {
  // Both take a while to load: only where plots are drawn.
  const vega = await import('vega');
  const vegaLite = await import('vega-lite');
  const view = new vega.View(vega.parse(vegaLite.compile(spec).spec), { renderer: 'none', logLevel: vega.Error });
  try {
    const svg = await view.toSVG();
    // SVG units are 1/72 inch to sharp.
    const png = await sharp(Buffer.from(svg), { density: 144 }).png({ palette: true }).toBuffer();
    return { svg, png };
  } finally {
    view.finalize();
  }
}
