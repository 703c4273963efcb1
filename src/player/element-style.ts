/** Style of the element's inside. */
export const ELEMENT_STYLE = `
:host { display: inline-block; position: relative; background: #000; color: #fff; overflow: hidden; max-width: 100%;
  font: 14px/1.4 system-ui, sans-serif; }
:host([hidden]) { display: none; }
:host(:focus-visible) { outline: 2px solid Highlight; outline-offset: 2px; }
canvas, img { display: block; width: 100%; height: 100%; object-fit: contain; }
img { position: absolute; inset: 0; }
img[hidden], .bar[hidden] { display: none; }
.surface { position: absolute; inset: 0; width: 100%; height: 100%; }
.captions { position: absolute; inset: auto 5% 8%; text-align: center; pointer-events: none;
  container-type: inline-size; white-space: pre-line; }
:host([controls]) .captions { bottom: 56px; }
.captions span { font-size: clamp(12px, 4.5cqw, 32px); background: rgb(0 0 0 / 75%); padding: 0.1em 0.4em; box-decoration-break: clone;
  -webkit-box-decoration-break: clone; }
.bar { position: absolute; inset: auto 0 0; display: flex; gap: 8px; align-items: center; padding: 8px;
  background: linear-gradient(transparent, rgb(0 0 0 / 75%)); }
.bar button { min-width: 32px; min-height: 32px; padding: 0; border: 0; border-radius: 4px; background: none;
  color: inherit; font: inherit; font-size: 18px; cursor: pointer; }
.bar svg { display: block; width: 22px; height: 22px; margin: auto; fill: currentColor; }
.bar button:hover { background: rgb(255 255 255 / 20%); }
.bar :focus-visible { outline: 2px solid #fff; }
.bar input { accent-color: #fff; min-width: 0; }
.bar .time { flex: 1; }
.bar output { font-variant-numeric: tabular-nums; white-space: nowrap; }
@media (max-width: 480px) { .bar .volume { display: none; } }
`;
