import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceName } from '../deploy/services/report.ts';
import { startServices } from '../deploy/services/start-services.ts';

export interface BenchServices {
  /** Temporary folder of their data; gone after `stop`. */
  readonly data: string;
  /** Empty when the service was not asked for; likewise below. */
  readonly nats_url: string;
  readonly questdb_http_url: string;
  readonly questdb_pg_url: string;
  /** Null when it is not ours to look at. */
  readonly nats_pid: number | null;
  readonly questdb_pid: number | null;
  readonly versions: string;
  stop(): Promise<void>;
}

/** Real services on free ports in a temporary folder; both, unless `services` says otherwise. */
export async function startBenchServices(options: {
  /** Services that start sooner and run slower. */
  readonly quick: boolean;
  readonly services?: readonly ServiceName[];
  readonly jetstream_max_mib?: number;
  readonly durability?: 'fast' | 'safe';
}): Promise<BenchServices> {
  const { quick, services = ['nats', 'questdb'], jetstream_max_mib = 16_384, durability = 'fast' } = options;
  const data = await mkdtemp(join(tmpdir(), 'gpu-vitals-bench-'));
  const remove = (): Promise<void> => rm(data, { recursive: true, force: true, maxRetries: 5 });
  try {
    const { nats, questdb, pids, stop } = await startServices({
      data,
      services: [...services],
      ports: { nats: 0, nats_monitor: 0, questdb_http: 0, questdb_pg: 0 },
      questdb_heap_max_mib: quick ? 160 : 2_048,
      questdb_quick_start: quick,
      jetstream_max_mib,
      durability,
      restart: false,
    });
    return {
      data,
      nats_url: nats?.url ?? '',
      questdb_http_url: questdb?.http_url ?? '',
      questdb_pg_url: questdb?.pg_url ?? '',
      nats_pid: pids.nats ?? null,
      questdb_pid: pids.questdb ?? null,
      versions: [nats && `nats-server ${nats.version}`, questdb && `QuestDB ${questdb.version}`]
        .filter(Boolean)
        .join(', '),
      async stop() {
        await stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
