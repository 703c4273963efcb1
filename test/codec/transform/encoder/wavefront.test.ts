import { describe, expect, test } from '@jest/globals';
import { Wavefront } from '../../../../src/codec/transform/encoder/wavefront.js';

function shared(...done: number[]): Int32Array<SharedArrayBuffer> {
  const result = new Int32Array(new SharedArrayBuffer(4 * done.length));
  result.set(done);
  return result;
}

describe('a wavefront', () => {
  test('one thread visits everything in raster order', () => {
    const done = shared(0, 0);
    const visited: number[][] = [];
    const wavefront = new Wavefront(3, done, 0, 1);
    wavefront.visit((row, column) => {
      expect(done[row]).toBe(column);
      visited.push([row, column]);
    });
    wavefront.awaitAll();
    expect(visited.join(' ')).toBe('0,0 0,1 0,2 1,0 1,1 1,2');
    expect([...done]).toEqual([3, 3]);
  });

  test('a thread visits its rows, if those above are decided', () => {
    const done = shared(2, 0, 2, 0, 2);
    const rows: number[] = [];
    new Wavefront(2, done, 1, 2).visit((row) => rows.push(row));
    expect(rows).toEqual([1, 1, 3, 3]);
    expect([...done]).toEqual([2, 2, 2, 2, 2]);
  });

  test('who fails makes the others fail', () => {
    const done = shared(0, 0, 0, 0);
    const failing = new Wavefront(2, done, 0, 2);
    expect(() =>
      failing.visit((_, column) => {
        if (column === 1) throw new Error('no memory');
      }),
    ).toThrow('no memory');
    expect([...done]).toEqual([-1, 0, -1, 0]);
    const other = new Wavefront(2, done, 1, 2);
    expect(() => other.visit(() => undefined)).toThrow('another thread of the encoder has failed');
    expect(() => other.awaitAll()).toThrow('another thread of the encoder has failed');
  });
});
