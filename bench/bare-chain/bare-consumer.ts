import { workerData } from 'node:worker_threads';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { chainBoard } from '../chain-board.ts';
import { CHAIN_VALUES, CHAIN_WIDTH, type ChainFleet, GPUS_PER_NODE } from '../chain-fleet.ts';
import type { ChainMemory } from '../chain-run.ts';
import { serveCalls, threadCpu } from '../chain-thread.ts';
import { BARE_NODE_AT, BARE_STREAM, BARE_TIME_AT, BARE_VALUES_AT } from './bare-message.ts';
import { bareRows } from './bare-rows.ts';
import { paneSums } from './pane-sums.ts';

/** Thread: pulls without acks, keeps pane sums and z-scores, writes every row to QuestDB. */
const { nats_url, questdb_http_url, fleet, shared, rows_max } = workerData as {
  nats_url: string;
  questdb_http_url: string;
  fleet: ChainFleet;
  shared: SharedArrayBuffer;
  rows_max: number;
};

const MESSAGES_AHEAD = 4_096;

const board = chainBoard(shared);
const sums = paneSums(fleet.gpus);
const rows = bareRows({
  url: questdb_http_url,
  gpus: fleet.gpus,
  rows_max,
  onTaken: (taken) => {
    board.done = Math.floor(taken / GPUS_PER_NODE);
  },
});
const values = new Float64Array(CHAIN_VALUES);
const valueBytes = new Uint8Array(values.buffer);
let received = 0;

const connection = await connect({ servers: nats_url, name: 'bench bare consumer' });
const manager = await jetstreamManager(connection);
const { name } = await manager.consumers.add(BARE_STREAM, {
  ack_policy: AckPolicy.None,
  deliver_policy: DeliverPolicy.All,
  mem_storage: true,
});
const consumer = await jetstream(connection).consumers.get(BARE_STREAM, name);
const pulled = await consumer.consume({
  max_messages: MESSAGES_AHEAD,
  callback(message) {
    const { data } = message;
    const view = new DataView(data.buffer, data.byteOffset);
    const node = view.getUint32(BARE_NODE_AT, true);
    const ts = view.getFloat64(BARE_TIME_AT, true);
    // Messages lie anywhere in the connection's buffer: a copy aligns them.
    valueBytes.set(data.subarray(BARE_VALUES_AT));
    for (let row = 0, gpu = node * GPUS_PER_NODE, from = 0; row < GPUS_PER_NODE; row++, gpu++, from += CHAIN_WIDTH) {
      sums.add(gpu, ts, values, from);
      rows.add(gpu, ts, values, from);
    }
    received++;
  },
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
serveCalls({
  ready: () => undefined,
  cpu: () => threadCpu(),
  async settle(messages: number) {
    while (received < messages) await pause(2);
    await rows.flush();
  },
  memory(): ChainMemory {
    const { heapUsed, external } = process.memoryUsage();
    return {
      state_bytes_per_gpu: sums.bytes_per_gpu,
      thread_bytes: heapUsed + external,
      gpus: fleet.gpus,
      notes: { ...sums.counts() },
    };
  },
  async close() {
    await pulled.close();
    await connection.close();
    await rows.close();
  },
});
