import { readTail } from './exposition-line.ts';

/** What one exposition text says of one instant. */
export interface InstantBody {
  /** Epoch ms; NaN for samples that carry no time. */
  readonly ts: number;
  readonly body: Uint8Array;
}

const SERIES = /^[^{]*?\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\}|^\S+/;

/**
 * Cuts an exposition text by the own times of its samples, oldest first, each with its lines in their order. For texts that
 * hold several instants of one series, as dumps and back-fills of Prometheus do. Lines that cannot be read stay with the line
 * before them. Takes a copy of the text.
 */
export function cutByInstant(body: Uint8Array): InstantBody[] {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const parts = new Map<number, string[]>();
  const waiting: string[] = [];
  let lines = waiting;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const tail = readTail(line.slice(SERIES.exec(line)?.[0].length ?? line.length));
    if (tail !== null) {
      const known = parts.get(tail.ts);
      lines = known ?? [];
      if (known === undefined) parts.set(tail.ts, lines);
      lines.push(...waiting.splice(0));
    }
    lines.push(line);
  }
  return [...parts]
    .sort(([a], [b]) => (Number.isNaN(a) ? 0 : a) - (Number.isNaN(b) ? 0 : b))
    .map(([ts, own]) => ({ ts, body: Buffer.from(`${own.join('\n')}\n`, 'latin1') }));
}
