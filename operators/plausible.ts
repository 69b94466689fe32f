import type { Batch } from '../pipeline/contract/batch.ts';
import type { Anomaly } from '../pipeline/contract/events.ts';
import { causeId } from '../pipeline/contract/ids.ts';
import { METRIC_COUNT, metricIndex } from '../pipeline/contract/metrics.ts';
import type { EmitFrom, Operator, State } from '../pipeline/contract/operator.ts';
import type { GpuIdentity } from '../pipeline/contract/registry.ts';
import { formatDuration, minutes, seconds } from '../pipeline/contract/time.ts';
import { isBoardVoice } from './core/board-voice.ts';
import { elapsedWords } from './core/elapsed-words.ts';

export interface PlausiblePorts {
  readonly rows: Batch;
  readonly anomalies: Anomaly;
}

const METRIC = 'gpu_temp_celsius';
const TEMP = metricIndex(METRIC);
const MEMORY = metricIndex('memory_temp_celsius');
const POWER = metricIndex('power_watts');

/** No die is read above this: it has shut itself off before. */
const HOT_MAX_C = 125;
/** A sensor that says 0 or less is wrong on a board whose memory is so warm, or that draws so much. */
const WARM_MEMORY_C = 35;
const WARM_POWER_W = 100;
/** No die moves so far within such a time while its power stays within such a share of the larger reading. */
const JUMP_C = 40;
const JUMP_MS = seconds(60);
const MOVED_RATIO = 0.3;
/** How long a movement of the power may explain one of the temperature. */
const HEAT_LAG_MS = minutes(2);
/** So many impossible readings, none of them further apart than this, are a sensor that lies; gone as long, it is told true. */
const LIES_MIN = 3;
const MEMORY_MS = minutes(30);
/** Row of another instance that counts as there. */
const PRESENT_MS = minutes(10);

const time = { scope: 'gpu', type: 'f64', width: 1, initial: 0 } as const;
const STATE = {
  last_ts: time,
  /** The last reading that was believed, and when. */
  believed: { scope: 'gpu', type: 'f32', width: 1, initial: Number.NaN },
  believed_ts: time,
  /** Side of the jump that waits to be repeated: 1 up, 2 down; 0 = none. */
  suspect: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
  power: { scope: 'gpu', type: 'f32', width: 1, initial: Number.NaN },
  power_moved_ts: time,
  /** Impossible readings so far, the first and the last of them. */
  lies: { scope: 'gpu', type: 'u32', width: 1, initial: 0 },
  lies_since: time,
  lied_ts: time,
  /** The open anomaly as it was told. */
  open: { scope: 'gpu', type: 'record', width: 1, initial: 0 },
} as const;
type PlausibleState = State<typeof STATE>;

/**
 * Takes GPU temperatures that no physics allows for missing ones, and says that the sensor lies (sensor_lying) when they go
 * on: what they would say of heat is nobody's heat.
 *
 * Input    enriched rows.
 * Output   rows: as they came, impossible temperatures turned into NaN, and all of a GPU's while its sensor lies; anomalies.
 * How      impossible are: above 125 C; 0 C and less beside warm memory or under power; a move of 40 C and more within a
 *          minute that no move of the power explains. Such a move is believed when the next reading repeats it.
 * Time     event time; rows not newer than the GPU's last one go by unjudged.
 * State    53 B per GPU.
 * Cost     two comparisons and five writes per row; copies a batch only when it has something impossible.
 * Errors   none.
 */
export const plausible = (): Operator<typeof STATE, PlausiblePorts> => ({
  name: 'plausible',
  summary: 'temperatures that no die can have',
  state: STATE,
  ports: ['rows', 'anomalies'],
  onBatch(batch, state, emit) {
    let values: Float64Array | null = null;
    for (let row = 0; row < batch.rows; row++) {
      const gpu = batch.gpu[row] as number;
      const ts = batch.ts[row] as number;
      if (ts <= (state.last_ts[gpu] as number)) continue;
      const from = row * METRIC_COUNT;
      const temp = batch.values[from + TEMP] as number;
      notePower(state, gpu, ts, batch.values[from + POWER] as number);
      const why = Number.isNaN(temp) ? '' : impossible(batch, row, gpu, state, temp);
      state.last_ts[gpu] = ts;
      if (why !== '') noteLie(batch, row, state, temp, why, emit);
      else if (!Number.isNaN(temp)) {
        state.believed[gpu] = temp;
        state.believed_ts[gpu] = ts;
        state.suspect[gpu] = 0;
      }
      if (state.lies[gpu] !== 0 && ts - (state.lied_ts[gpu] as number) >= MEMORY_MS)
        trustAgain(batch, row, state, emit);
      if (why === '' && state.open[gpu] === null) continue;
      values ??= batch.values.slice(0, batch.rows * METRIC_COUNT);
      values[from + TEMP] = Number.NaN;
    }
    emit('rows', values === null ? batch : { ...batch, values });
  },
});

type Tell = EmitFrom<PlausiblePorts>;

function notePower(state: PlausibleState, gpu: number, ts: number, power: number): void {
  if (Number.isNaN(power)) return;
  const before = state.power[gpu] as number;
  state.power[gpu] = power;
  if (Math.abs(power - before) > MOVED_RATIO * Math.max(power, before)) state.power_moved_ts[gpu] = ts;
}

/** Why the reading cannot be; empty when it can. */
function impossible(batch: Batch, row: number, gpu: number, state: PlausibleState, temp: number): string {
  if (temp > HOT_MAX_C) return `${temp} C, which no die survives`;
  const { values } = batch;
  const from = row * METRIC_COUNT;
  if (temp <= 0) {
    const memory = values[from + MEMORY] as number;
    if (memory >= WARM_MEMORY_C) return `${temp} C beside memory at ${memory} C`;
    const power = values[from + POWER] as number;
    if (power >= WARM_POWER_W) return `${temp} C while ${Math.round(power)} W were drawn`;
  }
  const believed = state.believed[gpu] as number;
  if (!(Math.abs(temp - believed) >= JUMP_C)) return '';
  const ts = batch.ts[row] as number;
  const elapsed = ts - (state.believed_ts[gpu] as number);
  const side = temp > believed ? 1 : 2;
  const repeated = state.suspect[gpu] === side;
  if (repeated || elapsed > JUMP_MS || ts - (state.power_moved_ts[gpu] as number) <= HEAT_LAG_MS) return '';
  // Without a power reading nothing rules the move out.
  if (Number.isNaN(state.power[gpu])) return '';
  state.suspect[gpu] = side;
  return `${temp} C ${elapsedWords(elapsed)} after ${believed} C at the same power`;
}

function noteLie(batch: Batch, row: number, state: PlausibleState, temp: number, why: string, emit: Tell): void {
  const gpu = batch.gpu[row] as number;
  const ts = batch.ts[row] as number;
  if (state.lies[gpu] === 0) state.lies_since[gpu] = ts;
  const lies = (state.lies[gpu] as number) + 1;
  state.lies[gpu] = lies;
  state.lied_ts[gpu] = ts;
  if (lies < LIES_MIN || state.open[gpu] !== null) return;
  if (!isBoardVoice(batch.registry, gpu, ts - PRESENT_MS, state.last_ts)) return;
  const { uuid, instance } = batch.registry.gpus[gpu] as GpuIdentity;
  const believed = state.believed[gpu] as number;
  const expected = Number.isNaN(believed) ? HOT_MAX_C : believed;
  const anomaly: Anomaly = {
    ts,
    gpu_uuid: uuid,
    node: batch.registry.nodes[batch.node[row] as number] as string,
    instance,
    id: causeId('plausible', uuid, instance, 'sensor_lying', METRIC, ts),
    type: 'sensor_lying',
    metric: METRIC,
    severity: 'warning',
    score: Math.abs(temp - expected) / JUMP_C,
    observed: temp,
    expected,
    window: formatDuration(MEMORY_MS),
    detector: 'plausible',
    explanation:
      `The GPU temperature read what cannot be, ${lies} times since ` +
      `${new Date(state.lies_since[gpu] as number).toISOString()}, lately ${why}: the sensor lies, and its readings count for ` +
      'nothing until it does not. Restart the exporter, then reset the GPU; have the board looked at if it goes on.',
    state: 'open',
    opened_at: ts,
    closed_at: null,
  };
  state.open[gpu] = anomaly;
  emit('anomalies', anomaly, row);
}

function trustAgain(batch: Batch, row: number, state: PlausibleState, emit: Tell): void {
  const gpu = batch.gpu[row] as number;
  const open = state.open[gpu] as Anomaly | null;
  const lies = state.lies[gpu] as number;
  state.lies[gpu] = 0;
  state.open[gpu] = null;
  if (open === null) return;
  const explanation =
    `The GPU temperature read what cannot be ${lies} times since ${new Date(state.lies_since[gpu] as number).toISOString()}. ` +
    `For ${elapsedWords(MEMORY_MS)} it has not, and it is believed again.`;
  emit('anomalies', { ...open, state: 'closed', closed_at: batch.ts[row] as number, explanation }, row);
}
