/** What a line of a log file says, as far as it can be known. */
export interface LogLine {
  /** As the file has it: ISO 8601 of our own, whatever a service writes otherwise. */
  readonly text: string;
  /** Null for lines of services, which have their own order. */
  readonly level: number | null;
  readonly part: string | null;
  /** Epoch ms. */
  readonly at: number | null;
  readonly message: string | null;
  readonly code: string | null;
}

/** What a process writes first. */
export const STARTS = 'starts';

/** The numbers that pino writes for its levels. */
export const LOG_LEVELS = { debug: 20, info: 30, warn: 40, error: 50 } as const;
export type LogLevelName = keyof typeof LOG_LEVELS;

const NAMES = new Map<number, string>(Object.entries(LOG_LEVELS).map(([name, level]) => [level, name]));
const OWN = new Set(['level', 'time', 'part', 'msg']);

/** A line of our JSON log for people: time, level, part, message, then `field=value`. A line that is no such object stays as it is. */
export function readLogLine(line: string): LogLine {
  const told = object(line);
  if (told === null || typeof told.level !== 'number') {
    return { text: line, level: null, part: null, at: null, message: null, code: null };
  }
  const { level, time, part, msg } = told;
  const fields = Object.entries(told)
    .filter(([name]) => !OWN.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const shown = [time, (NAMES.get(level) ?? String(level)).padEnd(5), part, msg, ...fields];
  return {
    text: shown.filter((word) => typeof word === 'string' && word !== '').join('  '),
    level,
    part: textOr(part),
    at: typeof time === 'string' ? Date.parse(time) : null,
    message: textOr(msg),
    code: textOr(told.code),
  };
}

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function object(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
