/** Counters that the threads of a chain share: messages handed to the server, and messages worked off. */
export interface ChainBoard {
  readonly shared: SharedArrayBuffer;
  published: number;
  done: number;
}

export function chainBoard(shared = new SharedArrayBuffer(8)): ChainBoard {
  const cells = new Int32Array(shared);
  return {
    shared,
    get published() {
      return Atomics.load(cells, 0);
    },
    set published(value) {
      Atomics.store(cells, 0, value);
    },
    get done() {
      return Atomics.load(cells, 1);
    },
    set done(value) {
      Atomics.store(cells, 1, value);
    },
  };
}
