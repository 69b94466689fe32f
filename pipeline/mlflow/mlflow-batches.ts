import { KEY_CHARS_MAX, plainName } from './plain-name.ts';

/** One point of a metric's course. */
export interface MetricPoint {
  readonly step: number;
  readonly value: number;
}

interface Logged {
  /** Anything that JSON can carry. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, number | readonly MetricPoint[]>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Of the metrics, epoch ms. */
  readonly timestamp: number;
}

interface Pair {
  readonly key: string;
  readonly value: string;
}

/** A body of `runs/log-batch`, less the run. */
export interface LogBatch {
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
  readonly metrics: readonly {
    readonly key: string;
    readonly value: number;
    readonly timestamp: number;
    readonly step: number;
  }[];
}

/** Limits of MLflow's `runs/log-batch` (mlflow/utils/validation.py); its limit of 1 MB is kept with room for JSON. */
const PAIRS_MAX = 100;
const METRICS_MAX = 1_000;
const PARAM_CHARS_MAX = 6_000;
const TAG_CHARS_MAX = 5_000;
const BATCH_BYTES_MAX = 800_000;

/** What is to be logged in as few calls as MLflow allows, and how many metric values it cannot take (NaN, infinite). */
export function logBatches(logged: Logged): { readonly batches: readonly LogBatch[]; readonly left_out: number } {
  const { timestamp } = logged;
  const params = named(logged.params).map(([key, value]) => ({ key, value: cut(asText(value), PARAM_CHARS_MAX) }));
  const tags = named(logged.tags).map(([key, value]) => ({ key, value: cut(value, TAG_CHARS_MAX) }));
  let left_out = 0;
  const metrics = named(logged.metrics).flatMap(([key, course]) => {
    const points = typeof course === 'number' ? [{ step: 0, value: course }] : course;
    const good = points.filter(({ value }) => Number.isFinite(value));
    left_out += points.length - good.length;
    return good.map(({ step, value }) => ({ key, value, timestamp, step }));
  });
  const batches: LogBatch[] = [
    ...chunks(params, PAIRS_MAX).map((part) => ({ params: part, tags: [], metrics: [] })),
    ...chunks(tags, PAIRS_MAX).map((part) => ({ params: [], tags: part, metrics: [] })),
    ...chunks(metrics, METRICS_MAX).map((part) => ({ params: [], tags: [], metrics: part })),
  ];
  return { batches, left_out };
}

/** Names as MLflow takes them, each once. */
function named<T>(values: Readonly<Record<string, T>>): [string, T][] {
  const taken = new Set<string>();
  return Object.entries(values).map(([name, value]) => {
    const plain = plainName(name);
    let key = plain;
    for (let n = 2; taken.has(key); n++) key = `${plain.slice(0, KEY_CHARS_MAX - 8)}_${n}`;
    taken.add(key);
    return [key, value];
  });
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

const cut = (text: string, chars: number): string => (text.length <= chars ? text : `${text.slice(0, chars - 1)}…`);

/** Parts of at most so many items, and not too many bytes. */
function chunks<T>(items: readonly T[], most: number): T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item), 'utf8') + 1;
    if (part.length === most || (part.length > 0 && bytes + size > BATCH_BYTES_MAX)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(item);
    bytes += size;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}
