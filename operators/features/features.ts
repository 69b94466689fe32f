import { type Asset, type FeatureVector, jobOf } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT } from '../../pipeline/contract/features.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import { METRIC_COUNT, type MetricName } from '../../pipeline/contract/metrics.ts';
import type { GroupView, Operator, State } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { type DurationMs, minutes } from '../../pipeline/contract/time.ts';
import type { AssetBook } from '../enrich.ts';
import { createWindows, type WindowCells, type Windows } from '../windows/windows.ts';
import { createPeerDeviations, type Peer } from './peer-deviations.ts';
import { createFeatureReader } from './read-features.ts';

export interface FeaturesOptions {
  /** A row older than its GPU's newest one by more than this is left out; the same bound that `validate` has. */
  readonly lateness_max: DurationMs;
  /** Event time between two vectors of a GPU. */
  readonly every: DurationMs;
  /** Rows that arrive this much after they happened are history, of which vectors are told less often. */
  readonly history: { readonly age_min: DurationMs; readonly every: DurationMs };
  /** What inventory knows. */
  readonly assets: AssetBook;
}
type FeatureAsset = Pick<Asset, 'model' | 'deployed_at' | 'warranty_until' | 'operating_hours' | 'registered_at'>;

/** A row that found no window any more: told, and part of no feature. */
export interface LateRow {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
  readonly newest_ts: number;
}

export interface FeaturesPorts {
  readonly vectors: FeatureVector;
  readonly late: LateRow;
}

const OWN_COLUMNS = {
  /** Node whose rows bring the GPU now, plus one; 0 = none. */
  home: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  /** 1 when rows came since the last vector. */
  fresh: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  /** The newest row as it came, and the attribution that came with it. */
  latest: { scope: 'gpu', type: 'f64', width: METRIC_COUNT, initial: Number.NaN },
  used_by: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  /** The registration that operating hours count from, and the time in samples before it. */
  registered_at: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  unregistered_ms: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** When the node's GPUs are told next; 0 = not known yet. */
  due: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  /** Edition of the inventory that counts for the node's newest row. */
  edition: { scope: 'node', type: 'u32', width: 1, initial: 0 },
  /** When the server stored it. */
  arrived_at: { scope: 'node', type: 'f64', width: 1, initial: 0 },
  node_fresh: { scope: 'node', type: 'u8', width: 1, initial: 0 },
} as const;

type FeaturesState = Windows['columns'] & typeof OWN_COLUMNS;

/**
 * Tells every GPU's features every 5 minutes of event time.
 *
 * Input    enriched rows.
 * Output   vectors: all features of a GPU at an instant; late: rows that were left out.
 * Time     a node's GPUs are told together (so that peers are compared at one instant), at an offset that the node's name
 *          gives, so that the fleet spreads evenly. The instant is told when a row of the node passes it, from rows up to
 *          and with it: no other node's clock matters. A timer tells a node that fell silent, once. Nothing new, no vector.
 * State    see windows.ts, and 449 B per GPU (the newest row), 21 B per node.
 * Cost     O(metrics) per row; about 20 us per vector; a scan of the group's GPUs per node and instant.
 * Errors   none.
 */
export function features(options: FeaturesOptions): Operator<FeaturesState, FeaturesPorts> {
  const { lateness_max, every, history, assets } = options;
  const windows = createWindows({ lateness_max });
  const readFeatures = createFeatureReader(windows);
  const peerDeviations = createPeerDeviations(windows);
  const spread_s = Math.max(1, Math.floor(every / 1_000));

  const tellNode = (
    group: GroupView,
    node: number,
    t: number,
    final: boolean,
    state: State<FeaturesState>,
    cells: WindowCells,
    tell: (vector: FeatureVector) => void,
  ): void => {
    if (state.node_fresh[node] === 0) return;
    state.node_fresh[node] = 0;
    const edition = state.edition[node] as number;
    const { gpus, nodes } = group.registry;
    const boards: Peer[] = [];
    for (let gpu = state.home.indexOf(node + 1); gpu >= 0; gpu = state.home.indexOf(node + 1, gpu + 1)) {
      const { model, instance } = gpus[gpu] as GpuIdentity;
      boards.push({ gpu, model, instance });
    }
    const deviations = peerDeviations(cells, boards, t);
    for (const { gpu, instance } of boards) {
      if (state.fresh[gpu] === 0) continue;
      state.fresh[gpu] = 0;
      const identity = gpus[gpu] as GpuIdentity;
      const gpu_uuid = identity.uuid;
      const asset = edition === 0 ? undefined : assets.get(gpu_uuid, edition)?.asset;
      const operated_ms = operatedTime(state, gpu, t, asset);
      const values = new Float64Array(FEATURE_COUNT);
      const peerDeviation = (metric: MetricName): number => deviations(gpu, metric);
      readFeatures(cells, gpu, t, { identity, asset, operated_ms, peerDeviation }, values);
      tell({
        ts: t,
        gpu_uuid,
        node: nodes[node] as string,
        instance,
        model: identity.model || asset?.model || '',
        job: jobOf(group.registry.attributions[state.used_by[gpu] as number]),
        values,
        latest: state.latest.slice(gpu * METRIC_COUNT, (gpu + 1) * METRIC_COUNT),
        latest_ts: state.newest_ts[gpu] as number,
        arrived_at: state.arrived_at[node] as number,
        final,
      });
    }
  };

  /** The first instant of a node at or after `ts`. */
  const dueFrom = (name: string, ts: number, step: DurationMs): number => {
    const offset = (fnv1a(name) % spread_s) * 1_000;
    return Math.ceil((ts - offset) / step) * step + offset;
  };

  return {
    name: 'features',
    summary: "each GPU's windows, as features every 5 minutes",
    state: { ...windows.columns, ...OWN_COLUMNS },
    ports: ['vectors', 'late'],
    onBatch(batch, state, emit) {
      const cells = windows.cellsOf(state);
      const { registry } = batch;
      for (let row = 0; row < batch.rows; row++) {
        const gpu = batch.gpu[row] as number;
        const node = batch.node[row] as number;
        const ts = batch.ts[row] as number;
        const due = state.due[node] as number;
        if (due === 0 || ts > due) {
          if (due !== 0) tellNode(batch, node, due, false, state, cells, (vector) => emit('vectors', vector, row));
          const old = (batch.arrived_at[row] as number) - ts >= history.age_min;
          state.due[node] = dueFrom(registry.nodes[node] as string, ts, old ? history.every : every);
        }
        switch (windows.observe(cells, batch, row)) {
          case 'counted':
            if (ts === state.newest_ts[gpu]) {
              const from = row * METRIC_COUNT;
              const to = gpu * METRIC_COUNT;
              // Two views a row would cost more than the copy.
              for (let m = 0; m < METRIC_COUNT; m++) state.latest[to + m] = batch.values[from + m] as number;
              state.used_by[gpu] = batch.attribution[row] as number;
              state.edition[node] = assets.edition(batch.arrived_at[row] as number);
            }
            state.home[gpu] = node + 1;
            state.fresh[gpu] = 1;
            state.node_fresh[node] = 1;
            state.arrived_at[node] = batch.arrived_at[row] as number;
            break;
          case 'late': {
            const { uuid, instance } = registry.gpus[gpu] as GpuIdentity;
            const newest_ts = state.newest_ts[gpu] as number;
            emit('late', { ts, gpu_uuid: uuid, node: registry.nodes[node] as string, instance, newest_ts }, row);
            break;
          }
          case 'repeated':
        }
      }
    },
    timer: {
      every: minutes(1),
      onTime(now, group, state, emit) {
        const cells = windows.cellsOf(state);
        const silent = now - lateness_max - every;
        for (let node = 0; node < group.registry.nodes.length; node++) {
          const due = state.due[node] as number;
          if (state.node_fresh[node] === 0 || due > silent) continue;
          tellNode(group, node, due, false, state, cells, (vector) => emit('vectors', vector));
          state.due[node] = due + every;
        }
      },
    },
    finish(now, group, state, emit) {
      const cells = windows.cellsOf(state);
      for (let node = 0; node < group.registry.nodes.length; node++) {
        tellNode(group, node, now, true, state, cells, (vector) => emit('vectors', vector));
      }
    },
  };
}

/** Time in samples since the asset was registered; a registration that comes later is noticed at the next vector. */
function operatedTime(state: State<FeaturesState>, gpu: number, t: number, asset: FeatureAsset | undefined): number {
  const observed = state.observed_ms[gpu] as number;
  if (asset && (asset.registered_at > t || asset.registered_at !== state.registered_at[gpu])) {
    const early = asset.registered_at <= (state.first_ts[gpu] as number);
    state.registered_at[gpu] = asset.registered_at;
    state.unregistered_ms[gpu] = early ? 0 : Math.max(0, observed - Math.max(0, t - asset.registered_at));
  }
  return observed - (state.unregistered_ms[gpu] as number);
}
