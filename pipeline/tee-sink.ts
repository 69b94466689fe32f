import type { Sink } from './contract/ports.ts';

/** One sink in front of several: each gets every item; full while any of them is. */
export const teeSink = <T>(...sinks: readonly Sink<T>[]): Sink<T> => ({
  write(item) {
    for (const sink of sinks) sink.write(item);
  },
  async flush() {
    await Promise.all(sinks.map((sink) => sink.flush()));
  },
  pressure() {
    const full = sinks.map((sink) => sink.pressure()).filter((wait): wait is Promise<void> => wait !== null);
    return full.length === 0 ? null : Promise.all(full).then(() => undefined);
  },
  async close() {
    await Promise.all(sinks.map((sink) => sink.close()));
  },
});
