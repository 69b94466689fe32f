import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT, metricIndex } from '../../pipeline/contract/metrics.ts';
import type { Operator, StateSpec } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { days, hours, minutes } from '../../pipeline/contract/time.ts';
import { reachesDay, SWEEP_STATE, SWEEP_STEP, sweepDaily } from '../core/daily-sweep.ts';
import { GroupState } from '../core/group-state.ts';
import { batchOf, random, type SampleRow, START_MS } from '../core/laws.fixture.ts';
import { stateSpecs } from '../core/lift.ts';
import { type ItemEntry, runItems } from '../core/run-items.ts';
import { advanceTimers } from '../core/timers.ts';
import type { AssetBook } from '../enrich.ts';
import { type GoneOptions, type GonePorts, gone } from './gone.ts';

const NO_ASSETS: AssetBook = { get: () => undefined, edition: () => 0 };
const OPTIONS: GoneOptions = {
  assets: NO_ASSETS,
  settled_after: minutes(10),
  recut_after: hours(1),
  silent_after: days(7),
  absent_after: days(30),
};
const STEP = 'gone';
const HOUR_MS = 3_600_000;
const READING = metricIndex('gpu_temp_celsius');

type Gone = ReturnType<typeof gone>;

function anomalyOf(place: Pick<Anomaly, 'gpu_uuid' | 'instance' | 'node'>, type: string, opened_at: number): Anomaly {
  return {
    ts: opened_at,
    ...place,
    id: `${type} ${place.gpu_uuid || place.node}${place.instance && `/${place.instance}`}`,
    type,
    metric: '',
    severity: 'critical',
    score: 1,
    observed: 1,
    expected: 0,
    window: '',
    detector: ['gpu_lost', 'exporter_frozen'].includes(type) ? 'absence' : 'test',
    explanation: `${type} it is.`,
    state: 'open',
    opened_at,
    closed_at: null,
  };
}

/** GPUs that report `at` hours after the start, `a` or `a/1` for an instance of it, and what detectors tell then. */
export interface Scrape {
  readonly at: number;
  readonly gpus: readonly string[];
  /** `TYPE GPU`, `TYPE node` for the node itself; with `-` before it, it closes. `arrives GPU`: again, as it does at first. */
  readonly tell?: readonly string[];
}

/** A scrape every ten minutes, of more than a day every half hour, from an hour to another one, which is left out. */
export function scrapes(from: number, to: number, ...gpus: readonly string[]): Scrape[] {
  const per_hour = to - from > 24 ? 2 : 6;
  return Array.from({ length: Math.round((to - from) * per_hour) }, (_, i) => ({ at: from + i / per_hour, gpus }));
}

export interface SceneOptions {
  readonly assets?: AssetBook;
  /** PCI bus ids by GPU. */
  readonly slots?: Readonly<Record<string, string>>;
  /** Scrapes handed over at once. */
  readonly piece?: number;
  /** Saves and restores after each piece. */
  readonly restore?: boolean;
}

const splitGpu = (gpu: string): { gpu_uuid: string; instance: string; node: string } => {
  const [gpu_uuid = '', instance = ''] = gpu === 'node' ? [] : gpu.split('/');
  return { gpu_uuid, instance, node: 'n' };
};

/** Everything the step tells of a node's scrapes, cut as decoding cuts them: where names change, and where a day begins. */
export function runGone(course: readonly Scrape[], options: SceneOptions = {}): { port: string; item: Anomaly }[] {
  const operator: Gone = gone({ ...OPTIONS, assets: options.assets ?? NO_ASSETS });
  const specs = new Map<string, StateSpec>([
    ...stateSpecs(STEP, operator as unknown as { state: StateSpec; timer: unknown }),
    [SWEEP_STEP, SWEEP_STATE],
  ]);
  const told: { port: string; item: Anomaly }[] = [];
  const opened = new Map<string, number>();
  const came = new Set<string>();
  let state = new GroupState(0);
  let piece: Scrape[] = [];
  const identityOf = (gpu: string): GpuIdentity => {
    const { gpu_uuid: uuid, instance } = splitGpu(gpu);
    return { uuid, instance, model: '', pci_bus_id: options.slots?.[uuid] ?? '', serial: '', slot: '' };
  };
  const flush = (): void => {
    const rows: SampleRow[] = [];
    const entries: ItemEntry[] = [];
    for (const { at, gpus, tell = [] } of piece) {
      const ts = START_MS + Math.round(at * HOUR_MS);
      const news = gpus.filter((gpu) => !came.has(gpu)).map((gpu) => `arrives ${gpu}`);
      for (const text of [...news, ...tell]) {
        const [type = '', gpu = ''] = text.replace(/^-/, '').split(' ');
        const row = rows.length + Math.max(0, gpus.indexOf(gpu));
        if (type === 'arrives') {
          came.add(gpu);
          entries.push({ row, input: 'arrivals', item: { ...splitGpu(gpu), ts } });
          continue;
        }
        const opened_at = opened.get(`${type} ${gpu}`) ?? ts;
        opened.set(`${type} ${gpu}`, opened_at);
        const item = anomalyOf(splitGpu(gpu), type, opened_at);
        const closed = { ...item, state: 'closed', closed_at: ts } as const;
        entries.push({ row, input: 'anomalies', item: text.startsWith('-') ? closed : item });
      }
      for (const gpu of gpus) {
        const { gpu_uuid: uuid, instance } = splitGpu(gpu);
        const node = state.registry.node('n');
        state.registry.see(state.registry.gpu(identityOf(gpu), node), node, 0, ts);
        rows.push({ ts, node: 'n', uuid, instance, values: {} });
      }
    }
    piece = [];
    const batch = batchOf(state, rows);
    advanceTimers(STEP, operator.timer?.every ?? minutes(1), state, batch, (now, row) => entries.push({ row, now }));
    runItems(STEP, operator, state, entries, (_, port, item) => told.push({ port, item }), batch);
    if (options.restore) state = GroupState.restore(structuredClone(state.save()), specs);
  };
  for (const scrape of course) {
    const ts = START_MS + Math.round(scrape.at * HOUR_MS);
    const known = scrape.gpus.every((gpu) => state.registry.knows(identityOf(gpu), 'n'));
    if (piece.length > 0 && (!known || reachesDay(state, ts) || piece.length === options.piece)) flush();
    sweepDaily(state, ts);
    piece.push(scrape);
  }
  flush();
  return told;
}

/** What was told, in short; instants in hours since the start. */
export const brief = (told: ReturnType<typeof runGone>): string[] =>
  told.map(({ port, item: { id, state, closed_at } }) =>
    [
      ...(port === 'lost' ? ['lost:'] : []),
      id,
      state === 'open' ? 'open' : `closed@${Number((((closed_at ?? 0) - START_MS) / HOUR_MS).toFixed(2))}`,
    ].join(' '),
  );

/** Opens at a reading of 1, closes at one of 2. */
function hot(batch: Batch): ItemEntry[] {
  return Array.from({ length: batch.rows }, (_, row) => row).flatMap((row): ItemEntry[] => {
    const reading = batch.values[row * METRIC_COUNT + READING] as number;
    const { uuid, instance } = batch.registry.gpus[batch.gpu[row] as number] as GpuIdentity;
    const node = batch.registry.nodes[batch.node[row] as number] as string;
    const item = anomalyOf({ gpu_uuid: uuid, instance, node }, 'hot', START_MS);
    if (reading === 1) return [{ row, input: 'anomalies', item }];
    const closed = { ...item, state: 'closed', closed_at: batch.ts[row] };
    return reading === 2 ? [{ row, input: 'anomalies', item: closed }] : [];
  });
}

/** The step behind a detector, as one operator over rows: so that the laws can be asked of it. */
export function behindDetector(): Operator<Gone['state'], GonePorts> {
  const operator = gone(OPTIONS);
  const { timer } = operator;
  return {
    name: operator.name,
    summary: operator.summary,
    state: operator.state,
    ports: operator.ports,
    onBatch(batch, state, emit) {
      const view = { group: batch.group, registry: batch.registry, columns: () => state } as unknown as GroupState;
      runItems(STEP, operator, view, hot(batch), (row, port, item) => emit(port, item, row), batch);
    },
    ...(timer ? { timer } : {}),
  };
}

/** Ten days of two nodes, of which every GPU but the first goes away now and then. */
export function comingAndGoing(seed: number): SampleRow[] {
  const next = random(seed);
  const rows: SampleRow[] = [];
  const gpus = ['a', 'b', 'c/1', 'c/2', 'c'].flatMap((gpu, i) => ['n', 'm'].map((node) => ({ gpu, i, node, back: 0 })));
  for (let scrape = 0; scrape < 720; scrape++) {
    for (const one of gpus) {
      if (one.i > 0 && scrape >= one.back && next() < 0.003) one.back = scrape + next() * 700;
      if (scrape < one.back) continue;
      const { gpu_uuid, instance } = splitGpu(`${one.node}${one.gpu}`);
      const dice = next();
      rows.push({
        ts: START_MS + scrape * 1_200_000,
        node: one.node,
        uuid: gpu_uuid,
        instance,
        values: { gpu_temp_celsius: dice < 0.02 ? 1 : dice < 0.03 ? 2 : 50 },
      });
    }
  }
  return rows;
}
