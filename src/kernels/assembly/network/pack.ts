/**
 * Puts the weights of a layer in the order that kernels read: int16 [groups / tile][pairs][tile][8][2], output of the group
 * and input of the pair.
 *
 * @param source int16 weights; `row` and `column` are the distances, in weights, to the next output and input.
 * @param target zeros.
 */
export function packWeights(
  source: usize,
  row: i32,
  column: i32,
  outputs: i32,
  inputs: i32,
  pairs: i32,
  tile: i32,
  target: usize,
): void {
  for (let output = 0; output < outputs; output++) {
    const lane = output & 7;
    const group = output >> 3;
    const inTile = group % tile;
    const to = target + (((group - inTile) * pairs + inTile) << 5) + (lane << 2);
    for (let input = 0; input < inputs; input++) {
      const weight = load<i16>(source + ((output * row + input * column) << 1));
      store<i16>(to + (((input >> 1) * tile) << 5) + ((input & 1) << 1), weight);
    }
  }
}
