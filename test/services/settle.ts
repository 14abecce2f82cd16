/** Lets what waits on the event loop have its turn: on a virtual clock that is all there is to wait for. */

export const settle = async (turns = 1): Promise<void> => {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};
