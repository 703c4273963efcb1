import { TestEnvironment } from 'jest-environment-node';

// Jest runs tests in a realm of its own, whose typed arrays are not those that native addons (onnxruntime, node-av,
// sharp) make and check with `instanceof`. Both realms share these constructors instead.
const shared = [
  ...['ArrayBuffer', 'SharedArrayBuffer', 'DataView'],
  ...['Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'BigUint64Array'],
  ...['Int8Array', 'Int16Array', 'Int32Array', 'BigInt64Array', 'Float32Array', 'Float64Array'],
];

export default class TesseraEnvironment extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of shared) this.global[name] = globalThis[name];
  }
}
