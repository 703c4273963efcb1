import swcJest from '@swc/jest';

// Jest runs a test in a context where each look at a global goes through an interceptor, which makes `Math.min` in an
// inner loop ten times as slow. Modules hold these globals in constants instead.
const NAMES = ['Math', 'Number', 'Uint8Array', 'Int16Array', 'Int32Array', 'Float32Array', 'Float64Array'];

function holdGlobals(result) {
  const used = NAMES.filter((name) => new RegExp(`\\b${name}\\b`).test(result.code));
  // On the first line, so that the lines of the source map stay true.
  return { ...result, code: `const { ${used.join(', ')} } = globalThis; ${result.code}` };
}

export default {
  createTransformer(options) {
    const swc = swcJest.createTransformer(options);
    return {
      ...swc,
      getCacheKey: (...parameters) => `${swc.getCacheKey(...parameters)}-${NAMES.join('-')}`,
      process: (...parameters) => holdGlobals(swc.process(...parameters)),
      processAsync: async (...parameters) => holdGlobals(await swc.processAsync(...parameters)),
    };
  },
};
