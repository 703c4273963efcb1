// For `node --import`: onnxruntime-node is not there, neither for `import` nor for `require`.
import Module, { register } from 'node:module';

const isMissing = (name) => /^onnxruntime-node(\/|$)/.test(name);
const message = 'Cannot find package onnxruntime-node';

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function resolve(name, ...rest) {
  if (isMissing(name)) throw Object.assign(new Error(message), { code: 'MODULE_NOT_FOUND' });
  return resolveFilename.call(this, name, ...rest);
};

const hook = `const isMissing = ${String(isMissing)};
export function resolve(name, context, next) {
  if (isMissing(name)) throw new Error('${message}');
  return next(name, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
