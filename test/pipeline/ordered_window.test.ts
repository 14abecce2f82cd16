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
        const settled: number[] = [];
        const window = openOrderedWindow<number>(5, async (values) => {
          expect(values.length).toBeGreaterThan(0);
          settled.push(...values);
        });
        const batches = [0, 1, 2, 3, 4].map(() => deferred<number>());
        for (const batch of batches) {
          await window.room();
          window.add(batch.promise);
        }
        for (const index of finishing) {
          batches[index]!.resolve(index);
          if (index % 2 === 0) await turn();
        }
        await window.drained();
        expect(settled).toEqual([0, 1, 2, 3, 4]);
      }),
    );
  });

  it('settles together what finished while others were settling, and nothing that waits behind one that has not', async () => {
    const settlings: { readonly values: readonly number[]; readonly end: () => void }[] = [];
    const window = openOrderedWindow<number>(5, (values) => {
      const { promise, resolve } = deferred<void>();
      settlings.push({ values, end: resolve });
      return promise;
    });
    const batches = [0, 1, 2, 3, 4].map(() => deferred<number>());
    for (const batch of batches) window.add(batch.promise);
    for (const index of [0, 1, 2, 4]) {
      batches[index]!.resolve(index);
      await turn();
    }
    expect(settlings.map(({ values }) => values)).toEqual([[0]]);
    settlings[0]!.end();
    await turn();
    expect(settlings.at(-1)!.values).toEqual([1, 2]);
    expect(window.inFlight).toBe(4);
    settlings[1]!.end();
    await turn();
    expect([settlings.length, window.inFlight]).toEqual([2, 2]);
    batches[3]!.resolve(3);
    await turn();
    expect(settlings.at(-1)!.values).toEqual([3, 4]);
    settlings[2]!.end();
    await window.drained();
    expect(window.inFlight).toBe(0);
  });

  it('holds exactly its number of batches', async () => {
    const window = openOrderedWindow<null>(2, async () => undefined);
    const first = deferred<null>();
    const second = deferred<null>();
    await window.room();
    window.add(first.promise);
    await window.room();
    window.add(second.promise);
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
      const settled: number[] = [];
      const window = openOrderedWindow<number>(3, async (values) => {
        if (failing === 'settle' && values.includes(1)) throw new Error('broken');
        settled.push(...values);
      });
      const batches = [deferred<number>(), deferred<number>(), deferred<number>()];
      for (const batch of batches) window.add(batch.promise);
      batches[0]!.resolve(0);
      await turn();
      batches[2]!.resolve(2);
      if (failing === 'batch') batches[1]!.reject(new Error('broken'));
      else batches[1]!.resolve(1);
      await expect(window.drained()).rejects.toThrow('broken');
      await expect(window.room()).rejects.toThrow('broken');
      expect(settled).toEqual([0]);
      expect(window.inFlight).toBe(0);
    }
  });
});
