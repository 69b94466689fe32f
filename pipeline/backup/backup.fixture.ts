import { join } from 'node:path';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { rowExport } from '../../sinks/questdb/export-rows.ts';
import { rowImport } from '../../sinks/questdb/import-rows.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { minutes, seconds } from '../contract/time.ts';
import { backUp } from './back-up.ts';
import { restore } from './restore.ts';

/** An installation: services, and a data folder with the engine's snapshots. */
export interface Place {
  readonly services: Pick<TestServices, 'nats_url' | 'questdb_http_url' | 'questdb_pg_url' | 'stop'>;
  readonly bus: Bus;
  readonly data: string;
}

export async function openPlace(folder: string, name: string): Promise<Place> {
  const services = await startTestServices({});
  const bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
  return { services, bus, data: join(folder, name) };
}

const databaseOf = ({ services }: Place) =>
  connectDatabase({
    url: services.questdb_pg_url,
    pool_size: 1,
    statement_timeout: minutes(2),
    connect_timeout: seconds(5),
  });

export async function saved(from: Place, dir: string): Promise<void> {
  const database = databaseOf(from);
  const rows = rowExport(from.services.questdb_http_url);
  try {
    await backUp({
      ...{ dir, bus: from.bus, database, rows, snapshots: join(from.data, 'snapshots'), clock: systemClock },
      ...{ config: [{ option: 'gpus', value: 48 }], release: '0.0.0', say: () => undefined, rows_max: 3_000 },
    });
  } finally {
    await rows.close();
    await database.close();
  }
}

export async function brought(
  to: Place,
  dir: string,
  { force = false, replicas = null }: { readonly force?: boolean; readonly replicas?: number | null } = {},
): Promise<string[]> {
  const database = databaseOf(to);
  const rows = rowImport(to.services.questdb_http_url);
  const said: string[] = [];
  try {
    await restore({
      ...{ dir, bus: to.bus, database, rows, snapshots: join(to.data, 'snapshots'), force, replicas },
      say: (line) => said.push(line),
    });
  } finally {
    await rows.close();
    await database.close();
  }
  return said;
}
