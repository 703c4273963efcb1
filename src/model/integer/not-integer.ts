/** A graph that the integer engine cannot evaluate, with the reason. onnxruntime may be able to. */
export class NotInteger extends Error {}
