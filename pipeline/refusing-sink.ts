import type { Sink } from './contract/ports.ts';

/**
 * A sink that puts what its destination refuses into another one, which is only known once it was sent there: so everything
 * written is safe when the other one has been flushed after it.
 */
export const refusingSink = <T>(sink: Sink<T>, refusals: Pick<Sink<never>, 'flush'>): Sink<T> => ({
  ...sink,
  async flush() {
    await sink.flush();
    await refusals.flush();
  },
});
