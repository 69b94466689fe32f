import { readFileSync } from 'node:fs';
import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import type { ChainBoard } from './chain-board.ts';
import { GPUS_PER_NODE } from './chain-fleet.ts';
import type { PublishOrder, PublishReport } from './chain-publishing.ts';

/** A way from a publisher to rows in QuestDB. */
export interface Chain {
  readonly name: 'bare' | 'real';
  /** Where its rows end. */
  readonly table: string;
  readonly board: ChainBoard;
  publish(order: PublishOrder): Promise<PublishReport>;
  /** Resolves when so many messages were worked off. */
  settle(messages: number): Promise<void>;
  /** CPU of the consuming thread so far, ms. */
  consumer_cpu(): Promise<number>;
  memory(): Promise<ChainMemory>;
  close(): Promise<void>;
}

export interface ChainMemory {
  readonly gpus: number;
  /** Declared state of windows and detectors. */
  readonly state_bytes_per_gpu: number;
  /** Heap and buffers of the consuming thread, all in. */
  readonly thread_bytes: number;
  readonly notes: Readonly<Record<string, number>>;
}

/** Pids of the processes that the chains share; null where one is not ours to look at. */
export interface ChainProcesses {
  readonly nats: number | null;
  readonly questdb: number | null;
}

export interface ChainRunOptions {
  readonly chain: Chain;
  readonly database: Database;
  readonly processes: ChainProcesses;
  readonly clock: Clock;
  readonly order: PublishOrder;
}

export interface LagSample {
  readonly t_s: number;
  /** Messages published and not yet worked off. */
  readonly lag_messages: number;
  /** Rows published and not yet readable in QuestDB. */
  readonly rows_behind: number;
}

export interface ChainRun {
  readonly chain: Chain['name'];
  readonly rows: number;
  readonly seconds: number;
  /** From the first message until every row could be read in QuestDB. */
  readonly rows_per_s: number;
  readonly lag: readonly LagSample[];
  /** Median of rows_behind in the second and in the third third of the publishing. */
  readonly rows_behind_middle: number;
  readonly rows_behind_end: number;
  /** CPU microseconds a row; `node` is this process with all its threads. */
  readonly cpu_us: {
    readonly nats: number;
    readonly questdb: number;
    readonly node: number;
    readonly publisher: number;
    readonly consumer: number;
  };
}

const TICKS_PER_S = 100;
const SAMPLE_MS = 1_000;
const POLL_MS = 20;
/** Rows that cannot be read so long after the publishing are lost. */
const READABLE_WITHIN_MS = 120_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** CPU of a process with all its threads so far, ms; NaN without /proc. */
export function processCpu(pid: number | null): number {
  try {
    const stat = readFileSync(`/proc/${pid ?? ''}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_S;
  } catch {
    return Number.NaN;
  }
}

/** Publishes as ordered and waits until QuestDB shows every row; counts them, so that a lost or doubled row is an error. */
export async function runChain(options: ChainRunOptions): Promise<ChainRun> {
  const { chain, database, processes, clock, order } = options;
  const { board } = chain;
  const readable = async (): Promise<number> =>
    (await database.query<{ n: number }>(`SELECT count() AS n FROM ${chain.table}`))[0]?.n ?? 0;
  const cpu = async (): Promise<number[]> => [
    processCpu(processes.nats),
    processCpu(processes.questdb),
    processCpu(process.pid),
    await chain.consumer_cpu(),
  ];

  const before = await cpu();
  const already = board.published;
  const started = clock.monotonic();
  const lag: LagSample[] = [];
  let publishing = true;
  const sampling = (async () => {
    while (publishing) {
      const t_s = (clock.monotonic() - started) / 1_000;
      const { published, done } = board;
      const rows_behind = published * GPUS_PER_NODE - (await readable());
      lag.push({ t_s: Math.round(t_s * 10) / 10, lag_messages: published - done, rows_behind });
      await pause(SAMPLE_MS);
    }
  })();
  const report = await chain.publish(order);
  publishing = false;
  await chain.settle(already + report.messages);
  const expected = (already + report.messages) * GPUS_PER_NODE;
  for (;;) {
    const n = await readable();
    if (n === expected) break;
    const waited_ms = clock.monotonic() - started;
    if (n > expected || waited_ms > order.seconds * 1_000 + READABLE_WITHIN_MS) {
      throw new Error(`${chain.table} has ${n} rows, ${expected} were published`);
    }
    await pause(POLL_MS);
  }
  const seconds = (clock.monotonic() - started) / 1_000;
  const after = await cpu();
  await sampling;

  const rows = report.messages * GPUS_PER_NODE;
  const perRow = (ms: number): number => Math.round((ms / rows) * 1e5) / 100;
  const [nats, questdb, node, consumer] = after.map((ms, i) => perRow(ms - (before[i] as number))) as [
    number,
    number,
    number,
    number,
  ];
  const third = Math.floor(lag.length / 3);
  return {
    chain: chain.name,
    rows,
    seconds: Math.round(seconds * 100) / 100,
    rows_per_s: Math.round(rows / seconds),
    lag,
    rows_behind_middle: median(lag.slice(third, 2 * third + 1).map((sample) => sample.rows_behind)),
    rows_behind_end: median(lag.slice(2 * third).map((sample) => sample.rows_behind)),
    cpu_us: { nats, questdb, node, publisher: perRow(report.cpu_ms), consumer },
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
