/** The reader's choices for the whole page. */
export interface View {
  /** Codecs that are not drawn, by their place in the run. */
  readonly hidden: ReadonlySet<number>;
  /** Place of the metric. */
  readonly metric: number;
  /** Place of the codec that others are compared with. */
  readonly anchor: number;
}

/** The view and the functions that draw it. */
export class Store {
  #view: View;
  readonly #drawers: (() => void)[] = [];

  constructor(view: View) {
    this.#view = view;
  }

  get view(): View {
    return this.#view;
  }

  /** Changes the view and draws everything again. */
  set(change: Partial<View>): void {
    this.#view = { ...this.#view, ...change };
    this.redraw();
  }

  /** Draws now and after every change. */
  draw(drawer: () => void): void {
    this.#drawers.push(drawer);
    drawer();
  }

  redraw(): void {
    for (const drawer of this.#drawers) drawer();
  }
}
