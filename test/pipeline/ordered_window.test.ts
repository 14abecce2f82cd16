import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openOrderedWindow } from '../../src/pipeline/ordered_window.ts';

const deferred = <Value>() => {
  let resolve!: (value: Value) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
};
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('ordered window', () => {
  it('settles in order whatever order the batches finish in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (finishing) => {
        const window = openOrderedWindow(5);
        const batches = [0, 1, 2, 3, 4].map(() => deferred<number>());
        const settled: number[] = [];
        for (const [index, batch] of batches.entries()) {
          await window.room();
          window.add(batch.promise, async (value) => {
            settled.push(value + index);
          });
        }
        for (const index of finishing) batches[index]!.resolve(0);
        await window.drained();
        expect(settled).toEqual([0, 1, 2, 3, 4]);
      }),
    );
  });

  it('holds exactly its number of batches', async () => {
    const window = openOrderedWindow(2);
    const first = deferred<null>();
    const second = deferred<null>();
    const settle = async () => undefined;
    await window.room();
    window.add(first.promise, settle);
    await window.room();
    window.add(second.promise, settle);
    let entered = false;
    const waiting = window.room().then(() => {
      entered = true;
    });
    await turn();
    expect([entered, window.inFlight]).toEqual([false, 2]);
    first.resolve(null);
    await waiting;
    expect(window.inFlight).toBe(1);
    second.resolve(null);
    await window.drained();
    expect(window.inFlight).toBe(0);
  });

  it('settles nothing after a failure, of a batch or of a settling, and says so to both sides', async () => {
    for (const failing of ['batch', 'settle'] as const) {
      const window = openOrderedWindow(3);
      const settled: number[] = [];
      const batches = [deferred<number>(), deferred<number>(), deferred<number>()];
      for (const batch of batches)
        window.add(batch.promise, async (value) => {
          if (failing === 'settle' && value === 1) throw new Error('broken');
          settled.push(value);
        });
      batches[2]!.resolve(2);
      if (failing === 'batch') batches[1]!.reject(new Error('broken'));
      else batches[1]!.resolve(1);
      batches[0]!.resolve(0);
      await expect(window.drained()).rejects.toThrow('broken');
      await expect(window.room()).rejects.toThrow('broken');
      expect(settled).toEqual([0]);
      expect(window.inFlight).toBe(0);
    }
  });
});
