import type { Planes } from '../codec/planes.js';
import type { PictureFormat, PlayerCanvas, Renderer } from './renderer.js';

const VERTEX_SHADER = `#version 300 es
uniform vec4 turn;
out vec2 shown;
out vec2 place;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  shown = corner;
  vec2 centred = corner - 0.5;
  place = vec2(dot(turn.xy, centred), dot(turn.zw, centred)) + 0.5;
  gl_Position = vec4(2.0 * corner.x - 1.0, 1.0 - 2.0 * corner.y, 0.0, 1.0);
}`;

const FRAGMENT_SHADER = `#version 300 es
precision highp float;
uniform sampler2D planes[6];
uniform vec3 offset;
uniform mat3 matrix;
uniform float split;
uniform vec2 chromaShift;
in vec2 shown;
in vec2 place;
out vec4 colour;
void main() {
  vec2 chroma = place + chromaShift;
  vec3 yuv = shown.x < split
    ? vec3(texture(planes[3], place).r, texture(planes[4], chroma).r, texture(planes[5], chroma).r)
    : vec3(texture(planes[0], place).r, texture(planes[1], chroma).r, texture(planes[2], chroma).r);
  colour = vec4(matrix * (yuv + offset), 1.0);
}`;

/** From a place on the screen to a place in the picture, centred, for each rotation: x = xy . place, y = zw . place. */
const TURNS = { 0: [1, 0, 0, 1], 90: [0, 1, -1, 0], 180: [-1, 0, 0, -1], 270: [0, -1, 1, 0] } as const;

interface Drawing {
  readonly textures: readonly WebGLTexture[];
  readonly split: WebGLUniformLocation | null;
}

/** Draws pictures with WebGL2: the planes are textures, and a shader makes RGB of them. */
export class WebGlRenderer implements Renderer {
  readonly #gl: WebGL2RenderingContext;
  readonly #format: PictureFormat;
  #drawing: Drawing | null;
  #last: Parameters<Renderer['draw']> | null = null;

  private constructor(gl: WebGL2RenderingContext, format: PictureFormat, drawing: Drawing) {
    this.#gl = gl;
    this.#format = format;
    this.#drawing = drawing;
    gl.canvas.addEventListener('webglcontextlost', this.#onLost);
    gl.canvas.addEventListener('webglcontextrestored', this.#onRestored);
  }

  /** Returns null if the canvas gives no WebGL2. */
  static open(canvas: PlayerCanvas, format: PictureFormat): WebGlRenderer | null {
    const gl = canvas.getContext('webgl2', { alpha: false, antialias: false, preserveDrawingBuffer: true });
    if (gl === null) return null;
    const drawing = prepare(gl as WebGL2RenderingContext, format);
    return drawing === null ? null : new WebGlRenderer(gl as WebGL2RenderingContext, format, drawing);
  }

  draw(planes: Planes, unfiltered: Planes, split: number | null): void {
    this.#last = [planes, unfiltered, split];
    if (this.#drawing === null) return;
    const gl = this.#gl;
    const { textures } = this.#drawing;
    const { layout, stride } = this.#format;
    const sizes = [layout, half(layout), half(layout)];
    const all = [planes, ...(split === null ? [] : [unfiltered])].flatMap(({ y, u, v }) => [y, u, v]);
    gl.viewport(0, 0, layout.shownWidth, layout.shownHeight);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    all.forEach((plane, at) => {
      const { width, height } = sizes[at % 3]!;
      gl.activeTexture(gl.TEXTURE0 + at);
      gl.bindTexture(gl.TEXTURE_2D, textures[at]!);
      gl.pixelStorei(gl.UNPACK_ROW_LENGTH, at % 3 === 0 ? stride : stride / 2);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RED, gl.UNSIGNED_BYTE, plane);
    });
    gl.uniform1f(this.#drawing.split, split ?? -1);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  close(): void {
    const { canvas } = this.#gl;
    canvas.removeEventListener('webglcontextlost', this.#onLost);
    canvas.removeEventListener('webglcontextrestored', this.#onRestored);
    for (const texture of this.#drawing?.textures ?? []) this.#gl.deleteTexture(texture);
    this.#drawing = null;
    this.#last = null;
  }

  readonly #onLost = (event: Event): void => {
    event.preventDefault();
    this.#drawing = null;
  };

  readonly #onRestored = (): void => {
    this.#drawing = prepare(this.#gl, this.#format);
    if (this.#last !== null) this.draw(...this.#last);
  };
}

function half({ width, height }: { readonly width: number; readonly height: number }) {
  return { width: (width + 1) >> 1, height: (height + 1) >> 1 };
}

/** Makes program and textures; null if the browser cannot. */
function prepare(gl: WebGL2RenderingContext, format: PictureFormat): Drawing | null {
  const program = gl.createProgram();
  for (const [type, text] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
  ] as const) {
    const shader = gl.createShader(type);
    if (shader === null) return null;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) return null;
  gl.useProgram(program);
  const { layout, colour, isChromaLeft } = format;
  if (Math.max(layout.width, layout.height) > (gl.getParameter(gl.MAX_TEXTURE_SIZE) as number)) return null;
  const at = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name);
  gl.uniform4fv(at('turn'), TURNS[layout.rotation]);
  gl.uniform3fv(at('offset'), colour.offset);
  gl.uniformMatrix3fv(at('matrix'), true, colour.matrix);
  gl.uniform1iv(at('planes'), [0, 1, 2, 3, 4, 5]);
  // A chroma sample that lies at the left of its two luma samples lies half a luma sample further left than the texture says.
  gl.uniform2f(at('chromaShift'), isChromaLeft ? 0.5 / layout.width : 0, 0);
  const textures = Array.from({ length: 6 }, (_, plane) => {
    const texture = gl.createTexture();
    const { width, height } = plane % 3 === 0 ? layout : half(layout);
    gl.activeTexture(gl.TEXTURE0 + plane);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R8, width, height);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  });
  return { textures, split: at('split') };
}
