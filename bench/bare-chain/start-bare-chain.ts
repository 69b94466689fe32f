import { DiscardPolicy, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { Database } from '../../pipeline/contract/database.ts';
import { chainBoard } from '../chain-board.ts';
import type { ChainFleet } from '../chain-fleet.ts';
import type { Chain } from '../chain-run.ts';
import { openThread } from '../chain-thread.ts';
import { BARE_STREAM, BARE_SUBJECTS, BARE_TABLE } from './bare-message.ts';
import { BARE_COLUMNS } from './bare-rows.ts';

export interface BareChainOptions {
  readonly nats_url: string;
  readonly questdb_http_url: string;
  readonly database: Database;
  readonly fleet: ChainFleet;
  readonly rows_max: number;
  readonly stream_bytes_max: number;
  /** Folder of the compiled thread files. */
  readonly threads: URL;
}

/**
 * The yardstick: the least that a chain from publisher to history has to do, without checks, recovery, late rows,
 * enrichment, anomalies, snapshots or a live view.
 */
export async function startBareChain(options: BareChainOptions): Promise<Chain> {
  const { nats_url, questdb_http_url, database, fleet, rows_max, threads } = options;
  const connection = await connect({ servers: nats_url, name: 'bench bare' });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: BARE_STREAM,
    subjects: [BARE_SUBJECTS],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_bytes: options.stream_bytes_max,
  });
  await connection.close();
  await database.query(
    `CREATE TABLE ${BARE_TABLE} (ts TIMESTAMP, gpu SYMBOL, node SYMBOL, ${BARE_COLUMNS.map((name) => `${name} DOUBLE`).join(', ')}) TIMESTAMP(ts) PARTITION BY HOUR WAL DEDUP UPSERT KEYS(ts, gpu)`,
  );

  const board = chainBoard();
  const data = { nats_url, questdb_http_url, fleet, shared: board.shared, rows_max };
  const consumer = openThread(new URL('bare-chain/bare-consumer.js', threads), data);
  const publisher = openThread(new URL('bare-chain/bare-publisher.js', threads), data);
  await consumer.call('ready');
  return {
    name: 'bare',
    table: BARE_TABLE,
    board,
    publish: (order) => publisher.call('publish', order),
    settle: (messages) => consumer.call('settle', messages),
    consumer_cpu: () => consumer.call('cpu'),
    memory: () => consumer.call('memory'),
    async close() {
      await publisher.close();
      await consumer.close();
    },
  };
}
