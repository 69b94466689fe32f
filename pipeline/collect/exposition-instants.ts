import { readTail } from './exposition-line.ts';

/** What one exposition text says of one instant. */
export interface InstantBody {
  /** Epoch ms; NaN for samples that carry no time. */
  readonly ts: number;
  readonly body: Uint8Array;
}

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
    const tail = readTail(line.slice(seriesEnd(line)));
    if (tail !== null) {
      const known = parts.get(tail.ts);
      lines = known ?? [];
      if (known === undefined) parts.set(tail.ts, lines);
      for (const before of waiting.splice(0)) lines.push(before);
    }
    lines.push(line);
  }
  return [...parts]
    .sort(([a], [b]) => (Number.isNaN(a) ? 0 : a) - (Number.isNaN(b) ? 0 : b))
    .map(([ts, own]) => ({ ts, body: Buffer.from(`${own.join('\n')}\n`, 'latin1') }));
}

/** At the end of a line a value and a number behind it, or an exemplar, or the start of a counter: what a text with times has. */
const MAY_HAVE_TIMES = /[ \t}][-+\w.]+[ \t]+[-+\d.eE]+[ \t]*\r?$|[ \t]#[ \t]|[ \t][cs]t@/m;

/** The newest time that a sample of an exposition text carries, epoch ms; NaN when none does. Cost: one look at the text then. */
export function newestInstant(body: Uint8Array): number {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  let newest = Number.NaN;
  if (!MAY_HAVE_TIMES.test(text)) return newest;
  for (const line of text.split('\n')) {
    // What has no labels is no GPU's.
    if (line.startsWith('#') || !line.includes('{')) continue;
    const ts = readTail(line.slice(seriesEnd(line)))?.ts ?? Number.NaN;
    if (ts > newest || Number.isNaN(newest)) newest = ts;
  }
  return newest;
}

/** Where the name and the labels of a sample line end; the whole line when the labels are left open. */
function seriesEnd(line: string): number {
  const name = line.search(/[\s{]/);
  if (name < 0) return line.length;
  let at = name;
  while (line[at] === ' ' || line[at] === '\t') at++;
  if (line[at] !== '{') return name;
  let quoted = false;
  for (at++; at < line.length; at++) {
    if (quoted && line[at] === '\\') at++;
    else if (line[at] === '"') quoted = !quoted;
    else if (line[at] === '}' && !quoted) return at + 1;
  }
  return line.length;
}
