// What later frames remember of a frame's tokens (docs/FORMAT.md section 9), 16 values at a time: uint8, 0..64.

/** target = floor(7 memory / 8). */
export function fadeMemory(memory: usize, target: usize, count: i32): void {
  const seven = i8x16.splat(7);
  for (let at: usize = 0; at < <usize>count; at += 16) {
    const value = v128.load(memory + at);
    v128.store(target + at, i8x16.sub(value, i8x16.shr_u(i8x16.add(value, seven), 3)));
  }
}

/** target = max(codes, floor(3 memory / 4)), for a block with tokens. */
export function renewMemory(codes: usize, memory: usize, target: usize, count: i32): void {
  const three = i8x16.splat(3);
  for (let at: usize = 0; at < <usize>count; at += 16) {
    const value = v128.load(memory + at);
    const faded = i8x16.sub(value, i8x16.shr_u(i8x16.add(value, three), 2));
    v128.store(target + at, i8x16.max_u(v128.load(codes + at), faded));
  }
}
