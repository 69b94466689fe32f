import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from './report.ts';
import type { ServicesOptions } from './services-options.ts';
import { startServices } from './start-services.ts';

export interface TestServices {
  /** Empty when NATS was not asked for; likewise below. */
  readonly nats_url: string;
  readonly questdb_http_url: string;
  readonly questdb_pg_url: string;
  /** Folder of the services' data and logs, gone after `stop`. */
  readonly data: string;
  /** Signals a service; it stays down until `restart`. */
  kill(service: ServiceName, signal: NodeJS.Signals): void;
  /** Brings a service back with its data, on the same ports; resolves when it is ready. */
  restart(service: ServiceName): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Real services for a test, on free ports and in a temporary folder, by the same code as in production; they end with the
 * test's process whatever happens. Both by default.
 */
export async function startTestServices(
  options: { nats?: boolean; questdb?: boolean } & Omit<Partial<ServicesOptions>, 'nats' | 'questdb'>,
): Promise<TestServices> {
  const { nats, questdb, ...rest } = options;
  const both = nats === undefined && questdb === undefined;
  const services: ServiceName[] = [];
  if (both || nats === true) services.push('nats');
  if (both || questdb === true) services.push('questdb');
  const data = await mkdtemp(join(tmpdir(), 'gpu-vitals-test-'));
  const remove = (): Promise<void> => rm(data, { recursive: true, force: true, maxRetries: 3 });
  try {
    const running = await startServices({
      data,
      services,
      ports: { nats: 0, nats_monitor: 0, questdb_http: 0, questdb_pg: 0 },
      questdb_heap_max_mib: 160,
      questdb_quick_start: true,
      restart: false,
      ...rest,
    });
    return {
      nats_url: running.nats?.url ?? '',
      questdb_http_url: running.questdb?.http_url ?? '',
      questdb_pg_url: running.questdb?.pg_url ?? '',
      data,
      kill: running.kill,
      restart: running.restart,
      async stop() {
        await running.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
