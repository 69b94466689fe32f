import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import type { GpuIdentity } from '../../pipeline/contract/registry.ts';
import { formatDuration } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';
import type { WatchedGauge } from './watched-gauges.ts';
import type { ZscoreOptions } from './zscore.ts';
import { HEATED_BY_ACTIVITY, HEATED_BY_POWER, LIMITED, type ZscoreState } from './zscore-state.ts';

/** The row of a gauge's open condition, `at` its place in the state; `closed_at` null while it is open. */
export function deviationAnomaly(
  batch: Batch,
  row: number,
  state: ZscoreState,
  options: ZscoreOptions,
  gauge: WatchedGauge,
  at: number,
  closed_at: number | null,
): Anomaly {
  const gpu = batch.gpu[row] as number;
  const { uuid, instance } = batch.registry.gpus[gpu] as GpuIdentity;
  const opened_at = state.opened_at[at] as number;
  return {
    ts: opened_at,
    gpu_uuid: uuid,
    node: batch.registry.nodes[batch.node[row] as number] as string,
    instance,
    id: causeId('zscore', uuid, instance, 'zscore', gauge.name, opened_at),
    type: 'zscore',
    metric: gauge.name,
    severity: state.warned[at] === 1 ? 'warning' : 'info',
    score: state.peak_score[at] as number,
    observed: state.peak_observed[at] as number,
    expected: state.peak_expected[at] as number,
    window: `ewma and median, half-life ${formatDuration(options.half_life)}`,
    detector: 'zscore',
    explanation: explain(state, gauge, gpu, at),
    state: closed_at === null ? 'open' : 'closed',
    opened_at,
    closed_at,
  };
}

const KIND_NAMES = ['when idle', 'under light load', 'under load'] as const;

function explain(state: ZscoreState, gauge: WatchedGauge, gpu: number, at: number): string {
  const { unit } = gauge;
  const score = state.peak_score[at] as number;
  const cause = state.peak_cause[at] as number;
  const powered = state.driver[gpu] === HEATED_BY_POWER;
  const heat = gauge.cause === 'heat';
  const [where, there] =
    heat && powered
      ? [`at ${rounded(cause)} W`, 'at that power']
      : heat && state.driver[gpu] !== HEATED_BY_ACTIVITY
        ? ['', '']
        : gauge.cause === 'clock_setting'
          ? ['that neither idling nor the power cap explains', '']
          : [`at ${rounded(100 * cause)} % activity`, 'at that activity'];
  const parts = [
    `${gauge.name} was ${rounded(state.peak_observed[at] as number)} ${unit}${where && ` ${where}`};`,
    `${rounded(state.peak_expected[at] as number)} ± ${rounded(state.peak_sigma[at] as number)} ${unit}`,
    `expected${there && ` ${there}`}, as learned over ${elapsedWords(state.learned_ms[at] as number)} ${KIND_NAMES[state.open_kind[at] as number]}:`,
    `${rounded(Math.abs(score))} sigma ${score < 0 ? 'below' : 'above'}`,
    `since ${new Date(state.began_at[at] as number).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  ];
  const limit =
    state.doubted[at] === LIMITED ? `, with its power limit at ${rounded(state.limit[gpu] as number)} W` : '';
  return `${parts.join(' ')}${limit}.`;
}

const rounded = (value: number): string => String(Number(value.toPrecision(Math.abs(value) < 1_000 ? 3 : 4)));
