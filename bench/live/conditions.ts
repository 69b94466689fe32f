import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { OutgoingMessage } from '../../pipeline/contract/bus.ts';
import type { Anomaly } from '../../pipeline/contract/events.ts';

const SINCE = Date.UTC(2026, 0, 1);
/** Of a hundred that are open at a time, each is told again in turn. */
const OPEN = 100;
/** Of GPUs that send no samples: a row that changes for another reason would show an old instant. */
const NODE = 'bench-conditions';
const gpuUuid = (gpu: number): string => `GPU-condition-${gpu}`;
const bytes = (row: object): Uint8Array => Buffer.from(JSON.stringify(row));

/** An anomaly whose `observed` is the instant at which it is published. */
export function benchAnomaly(turn: number, instant: number): OutgoingMessage {
  const gpu = turn % OPEN;
  const row: Anomaly = {
    ts: SINCE,
    gpu_uuid: gpuUuid(gpu),
    node: NODE,
    instance: '',
    id: `anomaly-${gpu}`,
    type: 'zscore',
    metric: 'gpu_temp_celsius',
    severity: 'warning',
    score: 4.2,
    observed: instant,
    expected: 62.5,
    window: '1h',
    detector: 'zscore',
    explanation: 'GPU temperature is 91 C, 4.2 standard deviations above its mean of 62.5 C over the last hour',
    state: 'open',
    opened_at: SINCE,
    closed_at: null,
  };
  return { subject: `vitals.anomalies.n.${gpuUuid(gpu)}`, data: bytes(row) };
}

/** An alert whose `job` is that instant. */
export function benchAlert(turn: number, instant: number): OutgoingMessage {
  const gpu = turn % OPEN;
  const row: Alert = {
    ts: SINCE,
    gpu_uuid: gpuUuid(gpu),
    node: NODE,
    instance: '',
    id: `alert-${gpu}`,
    rule: 'hot',
    severity: 'warning',
    state: 'open',
    summary: 'GPU temperature is 91 C, 4.2 standard deviations above its mean of 62.5 C over the last hour',
    action_text: 'Look at the airflow of the node.',
    action: 'none',
    category: 'thermal',
    source: 'anomalies',
    source_id: `anomaly-${gpu}`,
    model: 'NVIDIA H100 80GB HBM3',
    cluster: 'c1',
    rack: 'r1',
    owner: 'ml',
    tenant: '',
    job: `${instant}`,
    opened_at: SINCE,
    closed_at: null,
  };
  return { subject: `alerts.warning.n.${gpuUuid(gpu)}.hot`, data: bytes(row) };
}
