/** The content of an element. */
export type Child = Node | string | null;

/** Attributes; `on...` listens, a boolean sets or leaves out. */
export type Attributes = Readonly<Record<string, string | number | boolean | ((event: Event) => void)>>;

/** Makes an element. */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  decorate(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Makes an element of SVG. */
export function svg(name: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  decorate(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
}

function decorate(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (typeof value === 'boolean') element.toggleAttribute(name, value);
    else element.setAttribute(name, String(value));
  }
}

/** Returns text with a minus sign instead of a hyphen before a number. */
export function minus(text: string): string {
  return text.replaceAll(/(^|\s)-(?=\d)/g, '$1\u2212');
}

/** `1 clip`, `2 clips`. */
export function countOf(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`;
}
