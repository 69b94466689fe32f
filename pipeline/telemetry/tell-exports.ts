import { VitalsError } from '../contract/errors.ts';

interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}
interface Exporter<Item> {
  export(item: Item, done: (result: ExportResult) => void): void;
}

/** The exporter, which tells the beginning of every time that the collector takes nothing, once. */
export function exportTeller<Item, E extends Exporter<Item>>(
  exporter: E,
  what: string,
  tell: (error: VitalsError) => void,
): E {
  let failing = false;
  const send = exporter.export.bind(exporter);
  exporter.export = (item, done) =>
    send(item, (result) => {
      const failed = result.code !== 0;
      if (failed && !failing) {
        const cause = result.error;
        tell(new VitalsError('GV-TEL-001', `${what} were not taken: ${cause?.message || 'no answer'}`, '', { cause }));
      }
      failing = failed;
      done(result);
    });
  return exporter;
}
