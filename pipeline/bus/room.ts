/** What all who find no room wait for; the next one who finds none waits anew. */
export interface Room {
  wait(): Promise<void>;
  /** There is room again. */
  open(): void;
}

export function createRoom(): Room {
  let awaited: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;
  return {
    wait() {
      if (awaited === null) {
        let resolve: () => void = () => {};
        const promise = new Promise<void>((done) => {
          resolve = done;
        });
        awaited = { promise, resolve };
      }
      return awaited.promise;
    },
    open() {
      awaited?.resolve();
      awaited = null;
    },
  };
}
