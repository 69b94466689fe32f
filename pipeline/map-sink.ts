import type { Sink } from './contract/ports.ts';

/** A sink of rows as one of the items that they are made from. */
export const mapSink = <T, Row>(sink: Sink<Row>, row: (item: T) => Row): Sink<T> => ({
  ...sink,
  write(item) {
    sink.write(row(item));
  },
});
