import { findMetric, METRICS } from '../../pipeline/contract/metrics.ts';

/** What a metric read when a board was last looked at. Plain data. */
export interface NewestReading {
  readonly metric: string;
  readonly value: number;
  /** Event time of the sample. */
  readonly at: number;
}

const GIB = 2 ** 30;
const digits = (value: number, fraction: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: fraction });

const WORDS: Readonly<Record<string, (value: number) => string>> = {
  C: (value) => `${digits(value, 1)} C`,
  W: (value) => `${digits(value, 0)} W`,
  MHz: (value) => `${digits(value, 0)} MHz`,
  ratio: (value) => `${digits(100 * value, 1)} %`,
  bytes: (value) => `${digits(value / GIB, 1)} GiB`,
  'bytes/s': (value) => `${digits(value / 1e9, 1)} GB/s`,
  'MB/s': (value) => `${digits(value / 1e3, 1)} GB/s`,
  count: (value) => digits(value, 0),
  flag: (value) => digits(value, 0),
};

/**
 * Whether a reading of it by itself says how things stand: levels and flags do; a counter has to be compared with what it was,
 * and a code or a mask is no number.
 */
export function tellsByItself(metric: string): boolean {
  const known = METRICS[findMetric(metric)];
  return known !== undefined && (known.kind === 'gauge' || known.kind === 'flag') && WORDS[known.unit] !== undefined;
}

/** `gpu_temp_celsius 71 C`; empty for what does not tell by itself. */
export function readingText({ metric, value }: Pick<NewestReading, 'metric' | 'value'>): string {
  const words = tellsByItself(metric) ? WORDS[METRICS[findMetric(metric)]?.unit ?? ''] : undefined;
  return words === undefined ? '' : `${metric} ${words(value)}`;
}
