import { connectBus } from '../pipeline/bus/connect-bus.ts';
import type { Clock } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { seconds } from '../pipeline/contract/time.ts';
import { connectDatabase } from '../sinks/questdb/connect-database.ts';

/** The bus and the database of a read-side thread. Throws VitalsError GV-BUS-001 when NATS cannot be reached; QuestDB may come later. */
export async function readSideConnections(
  options: {
    readonly nats_url: string;
    readonly questdb_pg_url: string;
    readonly name: string;
    /** As for connectBus. */
    readonly stream_replicas?: number;
  },
  clock: Clock,
): Promise<{ bus: Bus; database: Database; close(): Promise<void> }> {
  const database = connectDatabase({
    url: options.questdb_pg_url,
    pool_size: 4,
    statement_timeout: seconds(20),
    connect_timeout: seconds(5),
  });
  try {
    const bus = await connectBus({
      servers: options.nats_url,
      name: options.name,
      clock,
      ...(options.stream_replicas === undefined ? {} : { stream_replicas: options.stream_replicas }),
    });
    return {
      bus,
      database,
      async close() {
        await Promise.all([bus.close(), database.close()]);
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
