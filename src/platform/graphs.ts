/** ONNX graphs on the platform. */
export { createSession, requireCudaProvider } from './node/graph-session.js';
