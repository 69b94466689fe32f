import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { ServiceName } from './report.ts';

const entrySchema = z.object({
  pid: z.number().int().positive(),
  /** Start of the process, as process-identity tells it. */
  started: z.string(),
  /** A child ends with the process that started it; a detached one stays until it is stopped. */
  mode: z.enum(['child', 'detached']),
  url: z.string(),
  pg_url: z.string(),
  version: z.string(),
  source: z.string(),
  log_path: z.string(),
});

const stateSchema = z.object({ nats: entrySchema.optional(), questdb: entrySchema.optional() });

export type ServiceEntry = z.infer<typeof entrySchema>;
export type ServicesState = z.infer<typeof stateSchema>;

/** Which processes serve a data folder: `DATA/run/services.json`. Empty when there is none or it cannot be read. */
export function readServicesState(data: string): ServicesState {
  try {
    const parsed = stateSchema.safeParse(JSON.parse(readFileSync(statePath(data), 'utf8')));
    return parsed.success ? parsed.data : {};
  } catch {
    return {};
  }
}

/** Sets or clears the entry of one service; the file is replaced whole, so a reader never sees half of it. */
export function writeServiceEntry(data: string, service: ServiceName, entry: ServiceEntry | undefined): void {
  const path = statePath(data);
  const state = { ...readServicesState(data), [service]: entry };
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}`;
  // The address of QuestDB holds its password.
  writeFileSync(part, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(part, path);
}

function statePath(data: string): string {
  return join(data, 'run', 'services.json');
}
