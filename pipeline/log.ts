import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { type Clock, systemClock } from './clock.ts';
import { withoutCredentials } from './contract/without-credentials.ts';
import { rotatingFile } from './logs/rotating-file.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  /** Folder whose `logs` holds the file. */
  readonly data: string;
  readonly level: LogLevel;
  /** Who writes. */
  readonly part: string;
  /** Which of several engines; none when absent. */
  readonly worker?: string;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

const SIZE_MAX_BYTES = 16 * 1_024 ** 2;
const KEPT = 4;

export const logPath = (data: string): string => join(data, 'logs', 'gpu-vitals.log');

/**
 * Structured logs: one JSON object a line in DATA/logs/gpu-vitals.log, shared by all threads and roles of a data folder. Every
 * line has `part`, and `worker`, `step`, `group` and `position` where they are known. 16 MiB a file, four older ones kept.
 * Secrets never get here: addresses are logged without credentials, and what looks like one is starred all the same.
 */
export function openLog(options: LogOptions): Logger {
  const file = rotatingFile({
    path: logPath(options.data),
    size_max_bytes: SIZE_MAX_BYTES,
    kept: KEPT,
    clock: options.clock ?? systemClock,
  });
  const { part, worker } = options;
  return pino(
    {
      level: options.level,
      base: worker === undefined ? { part } : { part, worker },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    { write: (line) => file.write(withoutCredentials(line)) },
  );
}
