import { GroupState } from '../../operators/core/group-state.ts';
import { runOperator } from '../../operators/core/lift.ts';
import { enrich } from '../../operators/enrich.ts';
import { features } from '../../operators/features/features.ts';
import { validate } from '../../operators/validate.ts';
import { BatchBuilder } from '../../pipeline/batch-builder.ts';
import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Asset, FeatureVector } from '../../pipeline/contract/events.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import { hours, milliseconds, minutes } from '../../pipeline/contract/time.ts';
import { assetBook } from './life-assets.ts';

const LATENESS_MAX = minutes(5);

/** The vector of a node that fell silent comes at most this much after its instant. */
export const toldLate = (every_ms: number): number => LATENESS_MAX + every_ms + minutes(1);

/** Validate, enrich, features: what stands before every model in the running system, and nothing else of it. */
export function featureSteps(
  assets: readonly Asset[],
  every_ms: number,
): (state: GroupState, batch: Batch, tell: (vector: FeatureVector) => void) => void {
  const book = assetBook(assets);
  const checks = validate({ lateness_max: LATENESS_MAX, future_max: null });
  const joins = enrich(book);
  const tells = features({
    lateness_max: LATENESS_MAX,
    every: milliseconds(every_ms),
    history: { age_min: hours(1e6), every: milliseconds(every_ms) },
    assets: book,
  });
  return (state, batch, tell) => {
    runOperator('validate', checks, state, batch, (port, checked) => {
      if (port !== 'rows') return;
      runOperator('enrich', joins, state, checked as Batch, (out, joined) => {
        if (out !== 'rows') return;
        runOperator('features', tells, state, joined as Batch, (kind, vector) => {
          if (kind === 'vectors') tell(vector as FeatureVector);
        });
      });
    });
  };
}

/**
 * Puts vectors in order: one array per `every_ms` of time, within it by instant. `until` hands on what nothing earlier can
 * join any more. Holds about two windows.
 */
export function inWindows(start_ms: number, every_ms: number) {
  let waiting: FeatureVector[] = [];
  let edge_ms = (Math.floor(start_ms / every_ms) + 1) * every_ms;
  return {
    push(vector: FeatureVector): void {
      waiting.push(vector);
    },
    *until(ts_ms: number): Generator<FeatureVector[]> {
      for (; edge_ms <= ts_ms; edge_ms += every_ms) {
        const ready = waiting.filter(({ ts }) => ts < edge_ms);
        if (ready.length === 0) continue;
        waiting = waiting.filter(({ ts }) => ts >= edge_ms);
        yield ready.sort((a, b) => a.ts - b.ts);
      }
    },
  };
}

/** A reading of one board as a JSON row of another simulator: NaN or undefined = not told. */
export interface ReadingRow {
  readonly ts: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly model: string;
  /** METRIC_COUNT canonical values. */
  readonly values: Float64Array;
}

/** Features of a fleet that is given as rows, instant by instant, all in one group: for fleets of some hundred boards. */
export function* vectorsOfRows(
  instants: Iterable<readonly ReadingRow[]>,
  assets: readonly Asset[],
  every_ms: number,
): Generator<FeatureVector[]> {
  const state = new GroupState(0);
  const builder = new BatchBuilder();
  const steps = featureSteps(assets, every_ms);
  let windows: ReturnType<typeof inWindows> | null = null;
  let ts_ms = 0;
  for (const rows of instants) {
    for (const { ts, gpu_uuid, node, model, values } of rows) {
      windows ??= inWindows(ts, every_ms);
      ts_ms = Math.max(ts_ms, ts);
      const row = builder.reserve(1, ts, ts);
      builder.ts[row] = ts;
      builder.node[row] = state.registry.node(node);
      const identity = { uuid: gpu_uuid, instance: '', model, pci_bus_id: '', serial: '', slot: '' };
      builder.gpu[row] = state.registry.gpu(identity, builder.node[row] as number);
      builder.attribution[row] = 0;
      builder.values.set(values, row * METRIC_COUNT);
    }
    steps(state, builder.take(0, state.registry), (vector) => windows?.push(vector));
    yield* windows?.until(ts_ms - toldLate(every_ms)) ?? [];
  }
  yield* windows?.until(ts_ms + every_ms) ?? [];
}
