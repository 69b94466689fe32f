import type { Anomaly, Episode, Severity, XidEvent } from '../../pipeline/contract/events.ts';
import { days, hours, minutes } from '../../pipeline/contract/time.ts';
import { GroupState } from '../core/group-state.ts';
import { random, START_MS } from '../core/laws.fixture.ts';
import { type ItemEntry, runItems } from '../core/run-items.ts';
import type { BoardCondition } from '../xids/board-conditions.ts';
import { type EpisodesOptions, episodes } from './episodes.ts';

export const EPISODE_OPTIONS: EpisodesOptions = {
  burst_gap: minutes(3),
  sticky: hours(3),
  repeat_window: hours(24),
  fatal_bursts_max: 5,
  cured_after: hours(24),
  await_reset: days(7),
  episodes_max: 6,
};

/** Something that happens `at` seconds after the start, on GPU `gpu` of node `n`. */
export type Happens = {
  readonly at: number;
  readonly gpu?: string;
  readonly instance?: string;
  readonly node?: string;
} & (
  | { readonly xid: number; readonly job?: string; readonly count?: number }
  | { readonly anomaly: string; readonly severity?: Severity; readonly closed?: number; readonly opened?: number }
  | { readonly reset: true }
  | { readonly action?: number; readonly pending?: boolean; readonly failed?: boolean }
);

const AT = (s: number): number => START_MS + s * 1_000;

function entryOf(what: Happens, row: number): ItemEntry {
  const place = { gpu_uuid: what.gpu ?? 'GPU-a', node: what.node ?? 'n', instance: what.instance ?? '' };
  if ('xid' in what) {
    const item: XidEvent = { ts: AT(what.at), ...place, xid: what.xid, count: what.count ?? 1, job: what.job ?? '' };
    return { row, input: 'xids', item };
  }
  if ('anomaly' in what) {
    const opened_at = AT(what.opened ?? what.at);
    const item: Anomaly = {
      ts: opened_at,
      ...place,
      id: `${what.anomaly} ${place.gpu_uuid} ${opened_at}`,
      type: what.anomaly,
      metric: what.anomaly,
      severity: what.severity ?? 'critical',
      score: 1,
      observed: 1,
      expected: 0,
      window: '1m',
      detector: 'test',
      explanation: `${what.anomaly} it is.`,
      state: what.closed === undefined ? 'open' : 'closed',
      opened_at,
      closed_at: what.closed === undefined ? null : AT(what.closed),
    };
    return { row, input: 'anomalies', item };
  }
  const { action, pending, failed } = 'reset' in what ? {} : what;
  const item: BoardCondition = {
    ts: AT(what.at),
    ...place,
    recovery_action: action ?? 0,
    remap_pending: pending ?? false,
    remap_failed: failed ?? false,
    reset: 'reset' in what,
  };
  return { row, input: 'conditions', item };
}

/** Runs a story through the operator, its minute timer included; `until` seconds is where it stops. All rows told, in order. */
export function runEpisodes(
  happenings: readonly Happens[],
  until = 0,
  options: { readonly restore?: boolean; readonly together?: boolean; readonly rules?: Partial<EpisodesOptions> } = {},
): { told: Episode[]; state: GroupState; operator: ReturnType<typeof episodes> } {
  const operator = episodes({ ...EPISODE_OPTIONS, ...options.rules });
  let state = new GroupState(0);
  for (const { node, gpu, instance } of happenings) {
    if (gpu === '') state.registry.node(node ?? 'n');
    else {
      const identity = {
        uuid: gpu ?? 'GPU-a',
        instance: instance ?? '',
        model: '',
        pci_bus_id: '',
        serial: '',
        slot: '',
      };
      state.registry.gpu(identity, state.registry.node(node ?? 'n'));
    }
  }
  const told: Episode[] = [];
  let minute = 0;
  const all: ItemEntry[] = [];
  const run = (entries: readonly ItemEntry[]): void => {
    runItems('episodes', operator, state, entries, (_, __, item) => told.push(item));
    if (options.restore && entries.some((entry) => 'item' in entry)) {
      const saved = structuredClone(state.save());
      state = GroupState.restore(saved, new Map([['episodes', operator.state]]));
    }
  };
  happenings.forEach((what, row) => {
    const due = Math.floor(what.at / 60);
    const timers: ItemEntry[] = [];
    while (minute < due) timers.push({ row, now: AT(++minute * 60) });
    if (options.together) all.push(entryOf(what, row), ...timers);
    else run([...timers, entryOf(what, row)]);
  });
  run(all);
  while (minute < Math.floor(until / 60)) run([{ row: 0, now: AT(++minute * 60) }]);
  return { told, state, operator };
}

/** The last row of each episode, in the order of their beginning. */
export const lastOf = (told: readonly Episode[]): Episode[] => [...new Map(told.map((one) => [one.id, one])).values()];

/** How the episodes stand at the end, in short. */
export const brief = (told: readonly Episode[]): string[] =>
  lastOf(told).map(({ gpu_uuid, xids, primary_xid, anomalies, severity, category, action, ended_at, count, cured }) =>
    [
      gpu_uuid.replace('GPU-', ''),
      xids.map((xid) => (xid === primary_xid ? `*${xid}` : xid)).join('+') || '-',
      anomalies.join('+') || '-',
      severity,
      category,
      action,
      ended_at === null ? 'open' : `ended@${(ended_at - START_MS) / 1_000}`,
      `x${count}`,
      ...(cured === null ? [] : [cured ? 'cured' : 'uncured']),
    ].join(' '),
  );

/** Seeded troubles of four GPUs on two nodes over three days. */
export function troubles(seed: number, n = 150): Happens[] {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const open: { gpu: string; node: string; anomaly: string; opened: number }[] = [];
  let t = 0;
  return Array.from({ length: n }, (): Happens => {
    t += next() < 0.6 ? next() * 100 : next() * (260_000 / n);
    const gpu = pick(['GPU-a', 'GPU-b', 'GPU-c', 'GPU-d']);
    const place = { at: Math.round(t), gpu, node: gpu < 'GPU-c' ? 'n' : 'm' };
    const dice = next();
    if (dice < 0.6)
      return { ...place, xid: pick([13, 31, 43, 45, 48, 63, 79, 94, 119, 154]), job: pick(['', 'j', 'k']) };
    if (dice < 0.75) {
      const anomaly = pick(['gpu_lost', 'ecc_sbe_rate', 'thermal_margin']);
      open.push({ ...place, anomaly, opened: place.at });
      return { ...place, anomaly, severity: pick(['warning', 'critical']) };
    }
    const closing = dice < 0.9 ? open.shift() : undefined;
    if (closing !== undefined) return { ...closing, at: place.at, closed: place.at };
    return dice < 0.95 ? { ...place, reset: true } : { ...place, action: pick([0, 1, 2]), pending: next() < 0.3 };
  });
}
