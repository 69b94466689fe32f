import { join } from 'node:path';
import type { DeadLetter } from '../../pipeline/contract/events.ts';
import { type CountingSink, openJsonlFile } from './jsonl-file.ts';
import { jsonNumber } from './metric-lines.ts';

/**
 * `DIR/dead_letters.jsonl`: what was refused, in order, with the original as text, or in base64 where it is no text. Written
 * at `close`, also when empty. Throws VitalsError when the folder cannot be written to.
 */
export function deadLetterJsonlSink(options: { readonly directory: string }): CountingSink<DeadLetter> {
  const file = openJsonlFile(join(options.directory, 'dead_letters.jsonl'));
  return {
    get rows() {
      return file.lines;
    },
    write({ ts, node, level, reason, code, step, detail, original, original_base64 }) {
      const rest = JSON.stringify({ node, level, reason, code, step, detail, original, original_base64 });
      file.append(`{"ts":${jsonNumber(ts)},${rest.slice(1)}`);
    },
    flush: file.flush,
    pressure: file.pressure,
    close: file.close,
  };
}
