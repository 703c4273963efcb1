import type { PageData, PagePicture, PagePoint } from '../shared/page-data.js';

/** A picture to show, with its measured values. */
export interface Shown {
  readonly picture: PagePicture;
  /** Null: the original. */
  readonly point: PagePoint | null;
}

/** Finds pictures; decodes each only when it is first shown. */
export class PictureStore {
  readonly #data: PageData;
  readonly #addresses = new Map<PagePicture, string>();

  constructor(data: PageData) {
    this.#data = data;
  }

  /** Clips that have pictures, by their place in the run. */
  clips(): number[] {
    return [...new Set(this.#data.pictures.pictures.map(({ clip }) => clip))].sort((a, b) => a - b);
  }

  /** Frames of a clip that have pictures, rising. */
  frames(clip: number): number[] {
    const all = this.#data.pictures.pictures.filter((picture) => picture.clip === clip);
    return [...new Set(all.map(({ frame }) => frame))].sort((a, b) => a - b);
  }

  /** Rates near which a clip can be compared, rising. */
  rates(clip: number): readonly number[] {
    return this.#data.pictures.rates[clip] ?? [];
  }

  /** A codec's picture of a frame at the rate nearest to `rate`; null for the codec: the original. */
  find(clip: number, codec: number | null, frame: number, rate: number): Shown | null {
    const { pictures, points } = { pictures: this.#data.pictures.pictures, points: this.#data.points };
    const found = pictures
      .filter((picture) => picture.clip === clip && picture.codec === codec && picture.frame === frame)
      .map((picture) => ({
        picture,
        point:
          points.find((point) => point.clip === clip && point.codec === codec && point.setting === picture.setting) ??
          null,
      }));
    if (codec === null) return found[0] ?? null;
    const distance = ({ point }: Shown): number => Math.abs(Math.log((point?.bitsPerPixel ?? Infinity) / rate));
    return found.toSorted((a, b) => distance(a) - distance(b))[0] ?? null;
  }

  /** Address of a picture's bytes: the browser decodes a short one once, a long `data:` text again and again. */
  address(picture: PagePicture): string {
    const known = this.#addresses.get(picture);
    if (known !== undefined) return known;
    const [, text = ''] = picture.source.split(',');
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const address = URL.createObjectURL(new Blob([bytes], { type: 'image/webp' }));
    this.#addresses.set(picture, address);
    return address;
  }
}
