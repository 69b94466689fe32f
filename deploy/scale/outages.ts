import { type FleetInputs, MEASURED, MILLION } from './plan.ts';

/** What the parts are set to, each with where that stands. */
export const SET = {
  snapshot_bytes_per_ms: {
    value: 4_000,
    from: 'pipeline/cluster/cluster-worker.ts: states are stored at most so fast',
  },
  lease_s: { value: 1.2, from: 'deploy/CLUSTER.md: cluster-lease' },
  election_s: { value: 8, from: 'deploy/CLUSTER.md: NATS chooses another leader within 4 to 8 s' },
  groups: { value: 64, from: 'deploy/SCALE.md' },
} as const;

/** The layout of deploy/SCALE.md, and what nobody has measured: how fast a state travels, how long a restart takes. */
export interface Layout {
  readonly workers: number;
  readonly groups: number;
  readonly streams: number;
  readonly databases: number;
  /** Of states between a worker and the object store, one worker's share. */
  readonly state_bytes_per_s: number;
  readonly database_restart_s: number;
  readonly nats_away_s: number;
  /** How fast states are stored in the background, one worker's. */
  readonly snapshot_bytes_per_s: number;
}

export const LAYOUT: Layout = {
  workers: 8,
  groups: SET.groups.value,
  streams: 8,
  databases: 4,
  state_bytes_per_s: 100e6,
  database_restart_s: 60,
  nats_away_s: 600,
  snapshot_bytes_per_s: SET.snapshot_bytes_per_ms.value * 1_000,
};

/** Those of deploy/SCALE.md; what is marked with * does not exist yet. */
export const LAYOUTS: Readonly<Record<string, Layout>> = {
  '8 workers': LAYOUT,
  '64 workers': { ...LAYOUT, workers: 64 },
  '32 workers, 512 groups*': { ...LAYOUT, workers: 32, groups: 512 },
};

export type Outage =
  | 'worker_killed'
  | 'worker_ends'
  | 'all_workers_killed'
  | 'nats_server_lost'
  | 'nats_away'
  | 'database_restarts';

export interface OutageOutcome {
  /** Share of the fleet whose samples were ever judged more than 5 s late. */
  readonly late_share: number;
  /** The oldest sample that waited, s. */
  readonly lag_max_s: number;
  /** From the fault until nothing waits for more than a second, s. */
  readonly live_after_s: number;
  /** Most that waited in the streams, and in the collectors' spools, messages. */
  readonly waiting_messages: number;
  readonly spooled_messages: number;
}

interface Group {
  /** Event time up to which scrapes are in the stream, and up to which they were judged; s. */
  stored: number;
  judged: number;
  worker: number;
  /** From when its worker can go on with it. */
  ready_at: number;
}

const TICK_S = 0.1;
const FAULT_AT_S = 1;
const LATE_S = 5;
const LIVE_S = 1;
const LIMIT_S = 3_600;
/** Until a process that was killed is there again. */
const WORKER_START_S = 10;

/** Rows a second of one core with all that follows from them: predictions and decisions come with event time, also when it is caught up. */
export function workerRows(fleet: FleetInputs): number {
  const row_s = 1 / MEASURED.engine_rows_per_core.value;
  const vectors_s = ((fleet.interval_s / 300) * MEASURED.prediction_us.value) / 1e6;
  const decisions_s = ((fleet.interval_s / 1_800) * MEASURED.decision_us.value) / 1e6;
  return 1 / (row_s + vectors_s + decisions_s);
}

/** Age of the oldest state of a worker just before it is stored again, s: states go round all of its groups. */
export const snapshotRound = (fleet: FleetInputs, { workers, snapshot_bytes_per_s }: Layout): number =>
  ((fleet.gpus / workers) * MEASURED.state_bytes_per_gpu.value) / snapshot_bytes_per_s;

/**
 * A fleet's flow through collectors, streams, workers and databases in steps of a tenth of a second, with a core a worker and one
 * fault after a second. Not in it: that a machine is shared, and networks that are full.
 */
export function simulateOutage(outage: Outage, fleet: FleetInputs = MILLION, layout: Layout = LAYOUT): OutageOutcome {
  const rows_per_group = fleet.gpus / fleet.interval_s / layout.groups;
  /** Seconds of one group's load that a worker judges in a second. */
  const speed = workerRows(fleet) / rows_per_group;
  /** The same of storing, of a stream's leader. */
  const store_speed =
    1e6 / MEASURED.store_us.value / ((rows_per_group / fleet.gpus_per_node) * (layout.groups / layout.streams));
  const state_s = ((fleet.gpus / layout.groups) * MEASURED.state_bytes_per_gpu.value) / layout.state_bytes_per_s;
  const groups = Array.from({ length: layout.groups }, (_, i): Group => {
    return { stored: 0, judged: 0, worker: i % layout.workers, ready_at: 0 };
  });
  const streamOf = (group: number): number => group % layout.streams;
  let workers = Array.from({ length: layout.workers }, (_, i) => i);

  /** Its groups go to the others; each loads one after the other, and reads again from `judged` on. */
  const handOn = (gone: number, from_s: number, each_s: number): void => {
    workers = workers.filter((one) => one !== gone);
    const queued = new Map<number, number>();
    groups
      .filter(({ worker }) => worker === gone)
      .forEach((group, i) => {
        const worker = workers[i % workers.length] as number;
        const before = queued.get(worker) ?? 0;
        queued.set(worker, before + 1);
        group.worker = worker;
        group.ready_at = from_s + (before + 1) * each_s;
      });
  };
  /** What is away, until when. */
  const stream_away = new Map<number, number>();
  const database_away = new Map<number, number>();
  const strike = (): void => {
    switch (outage) {
      case 'worker_killed': {
        const round = snapshotRound(fleet, layout);
        const lost = groups.filter(({ worker }) => worker === 0);
        // States of a round are evenly old.
        lost.forEach((group, i) => {
          group.judged -= (round * (i + 1)) / lost.length;
        });
        handOn(0, FAULT_AT_S + SET.lease_s.value, state_s);
        break;
      }
      case 'worker_ends':
        // Stored by the one, loaded by the other.
        handOn(0, FAULT_AT_S, 2 * state_s);
        break;
      case 'all_workers_killed': {
        const of_worker = layout.groups / layout.workers;
        groups.forEach((group, i) => {
          const turn = Math.floor(i / layout.workers) + 1;
          group.ready_at = FAULT_AT_S + WORKER_START_S + turn * state_s;
          group.judged -= (snapshotRound(fleet, layout) * turn) / of_worker;
        });
        break;
      }
      case 'nats_server_lost':
        // It led a fifth of the streams, rounded up.
        for (let i = 0; i < Math.ceil(layout.streams / 5); i++) stream_away.set(i, FAULT_AT_S + SET.election_s.value);
        break;
      case 'nats_away':
        for (let i = 0; i < layout.streams; i++) stream_away.set(i, FAULT_AT_S + layout.nats_away_s);
        break;
      case 'database_restarts':
        database_away.set(0, FAULT_AT_S + layout.database_restart_s);
    }
  };

  const late = new Set<number>();
  const most = { lag: 0, waiting: 0, spooled: 0 };
  const messages_per_s = rows_per_group / fleet.gpus_per_node;
  let live_since = 0;
  for (let tick = 0; tick * TICK_S < LIMIT_S; tick++) {
    const now = tick * TICK_S;
    if (tick === Math.round(FAULT_AT_S / TICK_S)) strike();
    const stored = new Map<number, number>();
    groups.forEach((group, i) => {
      const stream = streamOf(i);
      if (now < (stream_away.get(stream) ?? 0)) return;
      const room = store_speed * (layout.groups / layout.streams) * TICK_S - (stored.get(stream) ?? 0);
      const more = Math.min(now - group.stored, Math.max(0, room));
      group.stored += more;
      stored.set(stream, (stored.get(stream) ?? 0) + more);
    });
    for (const worker of workers) {
      const own = groups.filter((group) => group.worker === worker);
      // One that cannot write reads nothing.
      const stuck = own.some((group) => now < (database_away.get(groups.indexOf(group) % layout.databases) ?? 0));
      if (stuck) continue;
      // Turn by turn: whoever has less than its share waiting leaves the rest to the others.
      let left = speed * TICK_S;
      const ready = own.filter(({ ready_at }) => now >= ready_at);
      ready.sort((a, b) => a.stored - a.judged - (b.stored - b.judged));
      ready.forEach((group, i) => {
        const more = Math.min(left / (ready.length - i), group.stored - group.judged);
        group.judged += more;
        left -= more;
      });
    }
    let lag = 0;
    let waiting = 0;
    let spooled = 0;
    groups.forEach((group, i) => {
      const behind = now - group.judged;
      if (behind > LATE_S) late.add(i);
      lag = Math.max(lag, behind);
      waiting += (group.stored - group.judged) * messages_per_s;
      spooled += (now - group.stored) * messages_per_s;
    });
    most.lag = Math.max(most.lag, lag);
    most.waiting = Math.max(most.waiting, waiting);
    most.spooled = Math.max(most.spooled, spooled);
    if (lag > LIVE_S || now <= FAULT_AT_S) live_since = now;
    else if (now - live_since > 10) break;
  }
  return {
    late_share: late.size / layout.groups,
    lag_max_s: most.lag,
    live_after_s: live_since - FAULT_AT_S,
    waiting_messages: most.waiting,
    spooled_messages: most.spooled,
  };
}

const WORDS: Readonly<Record<Outage, string>> = {
  worker_killed: 'a worker is killed',
  worker_ends: 'a worker is asked to end',
  all_workers_killed: 'all workers are killed',
  nats_server_lost: 'a NATS server is lost',
  nats_away: `NATS is away for ${LAYOUT.nats_away_s / 60} minutes`,
  database_restarts: `a QuestDB is away for ${LAYOUT.database_restart_s} s`,
};

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** The table of SCALE.md for layouts, each by its name. */
export function outageTable(layouts: Readonly<Record<string, Layout>>, fleet: FleetInputs = MILLION): string {
  const lines = [
    '| what happens | layout | of the fleet late | oldest that waits or is read again, s | live again after, s | messages in streams | in spools |',
    '|---|---|---|---|---|---|---|',
  ];
  for (const outage of Object.keys(WORDS) as Outage[]) {
    for (const [name, layout] of Object.entries(layouts)) {
      const { late_share, lag_max_s, live_after_s, waiting_messages, spooled_messages } = simulateOutage(
        outage,
        fleet,
        layout,
      );
      lines.push(
        `| ${WORDS[outage]} | ${name} | ${whole(late_share * 100)} % | ${whole(lag_max_s)} | ${whole(live_after_s)} | ${whole(waiting_messages)} | ${whole(spooled_messages)} |`,
      );
    }
  }
  return lines.join('\n');
}
