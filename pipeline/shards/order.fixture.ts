import { encodeScrape } from '../contract/encode-scrape.ts';
import { rawSubject } from '../contract/ids.ts';
import type { RawMessage } from '../contract/message.ts';
import { METRIC_COUNT } from '../contract/metrics.ts';
import type { FleetOperator, Operator } from '../contract/operator.ts';
import { seconds } from '../contract/time.ts';
import { decode } from '../decode.ts';
import { defineTopology, type Topology } from '../define-topology.ts';

const START_MS = Date.UTC(2026, 0, 1);
/** A reading that breaks the step over rows; the same below zero breaks the one over the fleet. */
export const POISON = 13;

export interface Found {
  readonly ts: number;
  readonly node: string;
  readonly value: number;
}
export interface SinkItems {
  readonly lines: Found;
  readonly order: string;
}

/** Tells every row. */
const finder: Operator<Record<never, never>, { found: Found }> = {
  name: 'finder',
  summary: '',
  state: {},
  ports: ['found'],
  onBatch(batch, _, emit) {
    for (let row = 0; row < batch.rows; row++) {
      const value = batch.values[row * METRIC_COUNT] as number;
      if (value === POISON) throw new Error('an invariant is broken');
      const node = batch.registry.nodes[batch.node[row] as number] as string;
      emit('found', { ts: batch.ts[row] as number, node, value }, row);
    }
  },
};
const TAKEN = { taken: { scope: 'group', type: 'u32', width: 1, initial: 0 } } as const;
/** Numbers what it takes, so that its order shows in each line. */
const chronicle: FleetOperator<{ found: Found }, typeof TAKEN, { order: string }> = {
  name: 'chronicle',
  summary: '',
  state: TAKEN,
  ports: ['order'],
  delay: seconds(1),
  on: {
    found: {
      pick: (found: Found) => found,
      take(found: Found, state, emit) {
        if (found.value === -POISON) throw new Error('the fleet is broken');
        state.taken[0] = (state.taken[0] as number) + 1;
        emit('order', `${state.taken[0]}: ${found.ts - START_MS} ${found.node} ${found.value}`);
      },
    },
  },
};
/** Rows, and what a step over the fleet makes of them. */
export const orderTopology = (): Topology =>
  defineTopology<SinkItems>((t) => {
    const raw = t.source<readonly RawMessage[]>('raw', { summary: '', lateness_max: seconds(10) });
    const { rows } = t.stage('decode', raw, decode({ future_max: null }));
    const { found } = t.operator('finder', rows, finder);
    const { order } = t.fleet('chronicle', { found }, chronicle);
    t.sink('lines', found);
    t.sink('order', order);
  });

export const message = (position: number, value = position, late_ms = 0): RawMessage => {
  const [node, ts] = [`node-${position % 7}`, START_MS + position * 400 - late_ms];
  const values = new Float64Array(METRIC_COUNT).fill(Number.NaN);
  values[0] = value;
  const gpu = { uuid: `GPU-${node}`, instance: '', model: '', pci_bus_id: '', serial: '', slot: '' };
  const gpus = [{ ...gpu, ts, values, xids: [], attribution: [] }];
  const data = encodeScrape({
    ...{ node, ts, boot_epoch: 1, sequence: 1, gpus },
    ...{ refusals: [], blanks: 0, unknown_metrics: 0 },
  });
  const content_type = 'application/vnd.gpu-vitals.scrape';
  return { subject: rawSubject(node), data, content_type, position, arrived_at: ts + late_ms, event_time: ts };
};
export const span = (from: number, to: number): RawMessage[] =>
  Array.from({ length: to - from + 1 }, (_, i) => message(100 + from + i));
