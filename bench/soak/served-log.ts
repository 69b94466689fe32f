import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One answer of an exporter. */
export interface ServedPage {
  /** Time of its readings, epoch ms. */
  readonly ts: number;
  /** Position in the fleet's list of nodes. */
  readonly node: number;
  readonly rows: number;
  /** How long after it whoever had asked hung up, ms; null when the connection was used again: then it was taken. */
  readonly cut_after_ms: number | null;
}

const BYTES = 16;
const MINUTE_MS = 60_000;
const TAKEN = 0xffff;
const CUT_STEP_MS = 10;
const cutAfter = (stored: number): number | null => (stored === TAKEN ? null : stored * CUT_STEP_MS);
const nameOf = (minute: number): string => `served-${minute}.bin`;

/** Appends pages to one file a minute of their time, 16 bytes each. Memory: what came since the last `flush`. */
export class ServedLog {
  private readonly dir: string;
  private readonly waiting = new Map<number, Buffer[]>();

  constructor(dir: string) {
    this.dir = dir;
    mkdirSync(dir, { recursive: true });
  }

  add({ ts, node, rows, cut_after_ms }: ServedPage): void {
    const record = Buffer.allocUnsafe(BYTES);
    record.writeDoubleLE(ts, 0);
    record.writeUInt32LE(node, 8);
    record.writeUInt16LE(rows, 12);
    record.writeUInt16LE(
      cut_after_ms === null ? TAKEN : Math.min(TAKEN - 1, Math.round(cut_after_ms / CUT_STEP_MS)),
      14,
    );
    const minute = Math.floor(ts / MINUTE_MS);
    const others = this.waiting.get(minute);
    if (others === undefined) this.waiting.set(minute, [record]);
    else others.push(record);
  }

  flush(): void {
    for (const [minute, records] of this.waiting) {
      appendFileSync(join(this.dir, nameOf(minute)), Buffer.concat(records));
    }
    this.waiting.clear();
  }
}

/** Minutes since 1970 of which there are pages, in order. */
export const servedMinutes = (dir: string): number[] =>
  readdirSync(dir)
    .map((name) => Number(/^served-(\d+)\.bin$/.exec(name)?.[1]))
    .filter((minute) => Number.isInteger(minute))
    .sort((a, b) => a - b);

export function readServed(dir: string, minute: number): ServedPage[] {
  const path = join(dir, nameOf(minute));
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  return Array.from({ length: Math.floor(bytes.length / BYTES) }, (_, i) => ({
    ts: bytes.readDoubleLE(i * BYTES),
    node: bytes.readUInt32LE(i * BYTES + 8),
    rows: bytes.readUInt16LE(i * BYTES + 12),
    cut_after_ms: cutAfter(bytes.readUInt16LE(i * BYTES + 14)),
  }));
}
