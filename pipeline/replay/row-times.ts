import { EPOCH_MS_MAX, parseInstant } from '../contract/time.ts';

/** What the numbers of a time column count; `auto` tells by their size, which works from 1973 on. */
export type TimeUnit = 'auto' | 's' | 'ms' | 'us' | 'ns';

const MS_PER: Readonly<Record<Exclude<TimeUnit, 'auto'>, number>> = { s: 1e3, ms: 1, us: 1e-3, ns: 1e-6 };

/**
 * Reads instants as logs write them: epoch numbers, ISO 8601, and `2024/03/29 11:19:25.406` of nvidia-smi. A time without a
 * zone is UTC. Whole epoch ms; NaN when it is no usable instant. Rows of one scrape share a text: the last one is
 * remembered.
 */
export function createTimeReader(unit: TimeUnit): (text: string) => number {
  let last = '';
  let ms = Number.NaN;
  return (text) => {
    if (text !== last) {
      last = text;
      ms = readTime(text.trim(), unit);
    }
    return ms;
  };
}

function readTime(text: string, unit: TimeUnit): number {
  if (!/^\d+(?:\.\d*)?(?:[eE]\+?\d+)?$/.test(text)) {
    return parseInstant(text.replace(/^(\d{4})\/(\d{2})\/(\d{2})(?=\D|$)/, '$1-$2-$3'));
  }
  const value = Number(text);
  const counted = unit === 'auto' ? unitOf(value) : unit;
  const ms = counted === 'ms' ? Math.floor(value) : Math.round(value * MS_PER[counted]);
  return ms > 0 && ms <= EPOCH_MS_MAX ? ms : Number.NaN;
}

const unitOf = (value: number): Exclude<TimeUnit, 'auto'> =>
  value < 1e11 ? 's' : value < 1e14 ? 'ms' : value < 1e17 ? 'us' : 'ns';
