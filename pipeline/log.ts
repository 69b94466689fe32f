import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Structured logs: one JSON object a line in DATA/logs/gpu-vitals.log, shared by all threads and roles of a data folder.
 * `part` names who writes. Secrets never get here: addresses are logged without credentials.
 */
export function openLog(options: { readonly data: string; readonly level: LogLevel; readonly part: string }): Logger {
  const folder = join(options.data, 'logs');
  mkdirSync(folder, { recursive: true });
  return pino(
    { level: options.level, base: { part: options.part }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: join(folder, 'gpu-vitals.log'), append: true, sync: true }),
  );
}
