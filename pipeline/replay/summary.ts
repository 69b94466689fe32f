import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch } from '../contract/batch.ts';
import { VitalsError } from '../contract/errors.ts';
import type { DeadLetter, RefusalLevel } from '../contract/events.ts';
import type { PassedOver } from '../contract/scrape.ts';

/** What a replay has done, as `summary.json` tells it. */
export interface Summary {
  /** Samples of one GPU or instance at one instant: accepted and refused. */
  readonly rows_in: number;
  readonly rows_accepted: number;
  readonly rows_refused: number;
  readonly scrapes_refused: number;
  readonly lines_refused: number;
  readonly values_refused: number;
  /** Neither kept nor refused: values that were said to be none, and of metrics that the catalogue does not have. */
  readonly blanks: number;
  readonly unknown_metrics: number;
  readonly dead_letters: Readonly<Record<string, number>>;
  readonly tables: Readonly<Record<string, number>>;
  /** Smallest and largest event time of accepted rows, epoch ms; null when there were none. */
  readonly first_ts: number | null;
  readonly last_ts: number | null;
}

export interface SummaryCollector {
  /** A batch of accepted rows. */
  rows(batch: Pick<Batch, 'rows' | 'ts'>): void;
  deadLetter(letter: Pick<DeadLetter, 'level' | 'reason'>): void;
  passedOver(counts: PassedOver): void;
  /** `tables`: rows that each sink has written. */
  summary(tables: Readonly<Record<string, number>>): Summary;
}

export function createSummaryCollector(): SummaryCollector {
  const levels: Record<RefusalLevel, number> = { value: 0, line: 0, row: 0, scrape: 0, notification: 0 };
  const reasons = new Map<string, number>();
  let accepted = 0;
  let blanks = 0;
  let unknown_metrics = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  return {
    rows(batch) {
      accepted += batch.rows;
      for (let row = 0; row < batch.rows; row++) {
        const ts = batch.ts[row] as number;
        if (ts < first) first = ts;
        if (ts > last) last = ts;
      }
    },
    deadLetter({ level, reason }) {
      levels[level]++;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    },
    passedOver(counts) {
      blanks += counts.blanks;
      unknown_metrics += counts.unknown_metrics;
    },
    summary: (tables) => ({
      rows_in: accepted + levels.row,
      rows_accepted: accepted,
      rows_refused: levels.row,
      scrapes_refused: levels.scrape,
      lines_refused: levels.line,
      values_refused: levels.value,
      blanks,
      unknown_metrics,
      dead_letters: sorted(reasons),
      tables: sorted(Object.entries(tables)),
      first_ts: accepted > 0 ? first : null,
      last_ts: accepted > 0 ? last : null,
    }),
  };
}

const sorted = (entries: Iterable<readonly [string, number]>): Record<string, number> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Writes `DIR/summary.json`, whole or not at all. Throws VitalsError GV-CLI-002 when it cannot. */
export function writeSummary(directory: string, summary: Summary): void {
  const path = join(directory, 'summary.json');
  try {
    writeFileSync(`${path}.partial`, `${JSON.stringify(summary, null, 2)}\n`);
    renameSync(`${path}.partial`, path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new VitalsError('GV-CLI-002', `the output cannot be written (${why})`, path, { cause });
  }
}
