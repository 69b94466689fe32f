import { deskText, emptyDesk, readDesk } from '../../../pipeline/alert-desk/desk-state.ts';
import { deskStore } from '../../../pipeline/alert-desk/desk-store.ts';
import { handlingSchema, readStored } from '../../../pipeline/alert-desk/handling.ts';
import { readAlert } from '../../../pipeline/alert-desk/read-alert.ts';
import { silenceSchema } from '../../../pipeline/alert-desk/silences.ts';
import { auditEntrySchema } from '../../../pipeline/audit/audit-entry.ts';
import { readAsset } from '../../../pipeline/bus/asset-log.ts';
import type { KeyValue } from '../../../pipeline/bus/key-value.ts';
import { parsePublishAck } from '../../../pipeline/bus/publish-ack.ts';
import { settableClock } from '../../../pipeline/clock.ts';
import { readStoredKey } from '../../../pipeline/keys/key-store.ts';
import { fleetFeed } from '../../../server/fleet-feed.ts';
import { FleetView } from '../../../server/fleet-view.ts';
import { liveAlerts } from '../../../server/live-alerts.ts';
import { listenToMetrics, metricsRegistry } from '../../../server/metrics-registry.ts';
import { topologyReports } from '../../../server/topology-reports.ts';
import { acceptRetries } from '../../../sinks/alerts/accept-retries.ts';
import { bytesOf, type FuzzTarget, law, lawSame, textOf } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { listeningBus } from '../listening-bus.ts';
import { SAMPLE_TS } from '../sample-telemetry.ts';
import { lawfulInstant } from '../telemetry-laws.ts';

const who = { ts: SAMPLE_TS, gpu_uuid: 'GPU-1', node: 'n1', instance: '' };
const place = { cluster: '', rack: 'r1', owner: '', tenant: 'acme', job: '' };
const ALERT = {
  ...{
    ...who,
    ...place,
    id: 'abc_1',
    rule: 'thermal',
    severity: 'critical',
    state: 'open',
    summary: 'hot',
    model: 'H100',
  },
  ...{ action_text: 'cool it', action: 'drain_and_reset', category: 'thermal', source: 'anomalies', source_id: 'x' },
  ...{ gpus: ['GPU-1'], opened_at: SAMPLE_TS, closed_at: null },
};
const NOTIFICATION = {
  ...{
    id: '1',
    group_key: 'g',
    group: { node: 'n1' },
    severity: 'critical',
    reason: 'opened',
    status: 'firing',
    title: 'hot',
  },
  ...{ alerts: [{ ...ALERT, link: '', acknowledged_by: '' }], more: 0, link: '', at: SAMPLE_TS, simulated: false },
};
const ANOMALY = {
  ...{
    ...who,
    id: 'a1',
    type: 'thermal',
    metric: 'gpu_temp_celsius',
    severity: 'warning',
    score: 4,
    observed: 95,
    expected: 70,
  },
  ...{
    window: '5m',
    detector: 'threshold',
    explanation: 'hot',
    state: 'closed',
    opened_at: SAMPLE_TS,
    closed_at: SAMPLE_TS + 1,
  },
};
const DOCUMENTS: readonly unknown[] = [
  ...[ALERT, ANOMALY, { channel: 'ops', notification: NOTIFICATION }],
  {
    ...who,
    overall_score: 88,
    health_grade: 'B',
    confidence: 0.9,
    profile: 'default',
    contributions: [],
    degradation_factors: [],
  },
  { ...who, failure_prob_7d: 0.1, failure_prob_30d: 0.2, failure_prob_90d: 0.3, model_name: 'm', contributions: [] },
  {
    alert_id: 'abc_1',
    acknowledged_by: 'ann',
    acknowledged_at: SAMPLE_TS,
    acknowledged_severity: 'warning',
    assigned_to: '',
    note: '',
    acts: [{ at: SAMPLE_TS, by: 'ann', act: 'assigned', to: 'bob', note: '' }],
  },
  {
    id: 's1',
    kind: 'silence',
    matchers: [{ field: 'node', values: ['n1'] }],
    starts_at: 1,
    ends_at: SAMPLE_TS,
    created_by: 'ann',
    comment: '',
    created_at: 1,
  },
  {
    id: '0123456789ab',
    name: 'ci',
    role: 'viewer',
    tenant: '',
    created_at: 1,
    expires_at: null,
    revoked_at: null,
    hash: 'ab'.repeat(32),
    previous: { hash: 'cd'.repeat(32), good_until: 2 },
  },
  {
    at: 1,
    by: 'ann',
    key_id: '',
    role: 'admin',
    tenant: '',
    origin: '127.0.0.1',
    action: 'POST /x',
    target: '/x',
    status: 200,
    detail: '',
  },
  {
    ...who,
    model: 'H100',
    rack: 'r1',
    tenant: 'acme',
    deployed_at: 1,
    purchase_price: 3,
    registered_at: SAMPLE_TS,
    status: 'active',
  },
  { steps: [{ id: 'decode', rows_in: 1 }], edges: [['a', 'b']] },
  {
    rows_total: 3,
    lag: [{ labels: { group: '1' }, value: 2 }],
    took: [{ labels: {}, histogram: { counts: [1, 2], bounds: [1], sum: 3, count: 3 } }],
  },
  ...[
    { stream: 'DCGM_RAW', seq: 7 },
    { error: { code: 429, err_code: 10008, description: 'later' } },
    { writer: 'w', slot: 0, parts: 1, id: 'x' },
  ],
];
const desk = emptyDesk();
desk.groups.set('g', {
  id: 'g',
  channel: 'ops',
  route: 'default',
  key: 'k',
  labels: { node: 'n1' },
  told_at: 1,
  members: new Map(),
});

const SUBJECTS = [
  ...[
    'vitals.anomalies.n1.g',
    'vitals.gpu_health_scores.n1.g',
    'vitals.gpu_failure_predictions.n1.g',
    'vitals.gpu_economic_decisions.n1.g',
  ],
  ...[
    'vitals.xid_episodes.n1.g',
    'alerts.critical.n1.g.r',
    'vitals.alerts.n1.g',
    'vitals.metrics.engine.w0',
    'vitals.topology.w0',
    'vitals.outbox.retry',
  ],
];

/** JSON that comes back over NATS, from streams, buckets and subjects where anybody inside may write: read with suspicion. */
export const documents: FuzzTarget = {
  name: 'documents',
  summary: 'JSON on NATS: alerts, verdicts, silences, keys, assets, audit entries, figures',
  seeds: [...DOCUMENTS.map((one) => bytesOf(JSON.stringify(one))), bytesOf(deskText(desk)), ...keptInputs('documents')],
  words: [
    '"state":"closed"',
    '"closed_at":null',
    '"severity":"info"',
    '"id":',
    'null',
    '"labels":',
    '"members":[',
    '"parts":1e9',
    '1e300',
  ],
  bytes_max: 16_384,
  grown_bytes_max: 524_288,
  async feed(input) {
    const read = documentsIn(input);
    heard(input);
    await deskFromStore(input);
    return read;
  },
};

function documentsIn(input: Uint8Array): boolean {
  const alert = readAlert(input);
  if (typeof alert !== 'string') {
    lawfulInstant(alert.ts, 'an alert');
    law(alert.opened_at === alert.ts && /^[\w-]{1,64}$/.test(alert.id), 'an alert of another id or time');
  }
  const handling = readStored(handlingSchema, input);
  const silence = readStored(silenceSchema, input);
  law(silence === null || silence.matchers.length > 0, 'a silence of everything');
  const key = readStoredKey(input);
  law(key === null || /^[0-9a-f]{64}$/.test(key.hash), 'a key without hash');
  const entry = readStored(auditEntrySchema, input);
  const asset = readAsset(input);
  if (asset !== null) {
    for (const ts of [asset.ts, asset.registered_at]) lawfulInstant(ts, 'an asset');
    for (const ts of [asset.deployed_at, asset.warranty_until, asset.retired_at])
      if (ts !== null) new Date(ts).toISOString();
  }
  const remembered = readDesk(textOf(input));
  if (remembered !== null) lawSame(readDesk(deskText(remembered)), remembered, 'the desk, written again');
  const ack = parsePublishAck(input);
  law(
    ack.ok ? ack.position > 0 : typeof ack.detail === 'string' && typeof ack.code === 'number',
    'an answer of another form',
  );
  return typeof alert !== 'string' || [handling, silence, key, entry, asset, remembered].some((one) => one !== null);
}

/** Whoever listens must go on listening. */
function heard(data: Uint8Array): void {
  const bus = listeningBus();
  const clock = settableClock(SAMPLE_TS);
  const view = new FleetView({ clock });
  const metrics = metricsRegistry();
  const ending = [
    fleetFeed({ bus, database: null, view, clock }),
    liveAlerts({
      bus,
      database: null,
      alerts_max: 10,
      onAlert: (alert, json) => lawSame(JSON.parse(json).id, alert.id, 'told'),
    }),
    listenToMetrics(bus, metrics),
    topologyReports(bus, clock),
  ];
  const retries = acceptRetries({
    bus,
    active: () => true,
    over: () => false,
    delivery: { sendAgain: () => ({ state: 'sent' }) },
  });
  for (const subject of SUBJECTS) bus.tell(subject, data);
  law(metrics.text().length < 1_048_576, 'a page of another size');
  for (const one of ending) one.stop();
  retries.unsubscribe();
}

/** The input as the head that names the parts of the desk's memory, and as a part. */
async function deskFromStore(input: Uint8Array): Promise<void> {
  let asked = 0;
  const get = async (key: string) => {
    law(asked++ < 2_000, 'parts without end');
    return { key, value: input, revision: 1 };
  };
  const memory: Pick<KeyValue, 'get'> = { get };
  await deskStore(memory as KeyValue, 'w').load();
}
