import { describe, expect, test } from '@jest/globals';
import { newProgress, Wavefront } from '../../../../src/codec/transform/encoder/wavefront.js';

describe('a wavefront', () => {
  test('one thread visits everything in raster order', () => {
    const wavefront = new Wavefront(3, newProgress(2));
    const visited: number[][] = [];
    wavefront.visit((row, column) => visited.push([row, column]));
    wavefront.awaitAll();
    expect(visited.join(' ')).toBe('0,0 0,1 0,2 1,0 1,1 1,2');
  });

  test('a thread that comes late takes no rows, and nobody waits for it', () => {
    const progress = newProgress(3);
    const late = new Wavefront(2, progress);
    const visited: number[] = [];
    new Wavefront(2, progress).visit((row, column) => {
      if (row === 2 && column === 0) late.visit(() => visited.push(NaN));
      visited.push(row);
    });
    late.awaitAll();
    expect(visited).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test('who fails makes the others fail', () => {
    const progress = newProgress(3);
    const failing = new Wavefront(2, progress);
    expect(() =>
      failing.visit((row, column) => {
        if (row === 1 && column === 1) throw new Error('no memory');
      }),
    ).toThrow('no memory');
    const other = new Wavefront(2, progress);
    expect(() => other.visit(() => undefined)).toThrow('another thread of the encoder has failed');
    expect(() => other.awaitAll()).toThrow('another thread of the encoder has failed');
  });
});
