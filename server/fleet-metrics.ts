import type { Asset, Severity } from '../pipeline/contract/events.ts';
import { days } from '../pipeline/contract/time.ts';
import type { FleetReading, GpuEntry } from './fleet-view.ts';
import { familyHead, labelText, type MetricFamily, OPENMETRICS_END } from './openmetrics-text.ts';
import { presentVerdicts } from './present-verdicts.ts';
import type { DecisionNow, HealthNow, PredictionNow } from './verdict-now.ts';

/** All that is known of a board or MIG instance. */
interface Subject {
  readonly entry: GpuEntry;
  readonly labels: string;
  /** The board's, whichever instance this is. */
  readonly board: string;
  readonly asset: Asset | undefined;
  readonly health: HealthNow | null;
  readonly prediction: PredictionNow | null;
  /** Only with the board's first entry: it is about the board. */
  readonly decision: DecisionNow | null;
}

interface GpuFamily extends MetricFamily {
  /** About the board as a whole. */
  readonly of_board?: true;
  /** The samples of a subject: label behind the subject's own (with its comma), value. */
  readonly samples: (subject: Subject) => Iterable<readonly [labels: string, value: number | null]>;
}

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'critical'];
const DIMENSIONS = ['memory', 'thermal', 'performance', 'power', 'reliability'] as const;
const HORIZONS = ['7d', '30d', '90d'] as const;
/** A GPU that was silent for so long is not told of any more. */
const GONE_MS = days(7);
/** Between two of these others may have the thread. */
const SUBJECTS_PER_PIECE = 500;

const FAMILIES: readonly GpuFamily[] = [
  {
    name: 'gpu_vitals_gpu',
    type: 'info',
    help: 'What a GPU is and where, to join with: on (gpu_uuid, gpu_instance) group_left (model, ...).',
    samples: ({ entry, asset }) => {
      const { cluster = '', rack = '', owner = '', tenant = '', serial = '' } = asset ?? {};
      const model = entry.model || asset?.model || '';
      const text = labelText({ model, cluster, rack, slot: entry.slot, owner, tenant, serial });
      return [[text === '' ? '' : `,${text}`, 1]];
    },
  },
  {
    name: 'gpu_vitals_health_score',
    type: 'gauge',
    help: 'Health, 0 to 100; absent while it is unknown.',
    samples: ({ health }) => [['', health?.overall_score ?? null]],
  },
  {
    name: 'gpu_vitals_health_dimension',
    type: 'gauge',
    help: 'Health by dimension, 0 to 100.',
    samples: ({ health }) =>
      DIMENSIONS.map((dimension) => [`,dimension="${dimension}"`, health?.[`${dimension}_health`] ?? null]),
  },
  {
    name: 'gpu_vitals_failure_probability',
    type: 'gauge',
    help: 'Probability of a failure within the horizon, 0 to 1.',
    samples: ({ prediction }) =>
      HORIZONS.map((horizon) => [`,horizon="${horizon}"`, prediction?.[`failure_prob_${horizon}`] ?? null]),
  },
  {
    name: 'gpu_vitals_decision',
    type: 'info',
    of_board: true,
    help: 'What pays most for the board, and what to do now.',
    samples: ({ decision }) =>
      decision === null ? [] : [[`,${labelText({ decision: decision.decision, advice: decision.advice })}`, 1]],
  },
  {
    name: 'gpu_vitals_value_at_risk_usd_per_hour',
    type: 'gauge',
    of_board: true,
    help: 'What an hour without the board costs.',
    samples: ({ decision }) => [['', decision?.value_at_risk_usd_per_hour ?? null]],
  },
  {
    name: 'gpu_vitals_open_anomalies',
    type: 'gauge',
    help: 'Anomalies that are open.',
    samples: ({ entry }) => bySeverity(entry.anomalies.values()),
  },
  {
    name: 'gpu_vitals_last_sample_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Event time of the newest sample.',
    samples: ({ entry }) => [['', Number.isNaN(entry.ts) ? null : entry.ts / 1_000]],
  },
];

const NODE_ANOMALIES: MetricFamily = {
  name: 'gpu_vitals_node_open_anomalies',
  type: 'gauge',
  help: 'Anomalies of the whole node that are open.',
};
const GPUS: MetricFamily = { name: 'gpu_vitals_gpus', type: 'gauge', help: 'GPUs and MIG instances that are known.' };

/**
 * The fleet as OpenMetrics, in pieces, so that a large one does not hold up whoever shares the thread. A series is known by
 * `gpu_uuid`, `gpu_instance` (MIG's, absent for the board) and `node`; everything else about a GPU is in gpu_vitals_gpu_info:
 * 16 lines a GPU are 21 MB for 10,000 of them (0.7 packed), and would be twice that with all of it.
 */
export function* fleetMetrics(view: FleetReading, inventory: readonly Asset[]): Generator<string> {
  const subjects = yield* subjectsOf(view, inventory);
  yield `${familyHead(GPUS)}${GPUS.name} ${subjects.length}\n`;
  for (const family of FAMILIES) {
    const name = family.type === 'info' ? `${family.name}_info` : family.name;
    let text = familyHead(family);
    for (let i = 0; i < subjects.length; i++) {
      const subject = subjects[i] as Subject;
      const own = family.of_board === true ? subject.board : subject.labels;
      for (const [labels, value] of family.samples(subject)) {
        if (value !== null) text += `${name}{${own}${labels}} ${value}\n`;
      }
      if (i % SUBJECTS_PER_PIECE === SUBJECTS_PER_PIECE - 1) {
        yield text;
        text = '';
      }
    }
    yield text;
  }
  yield familyHead(NODE_ANOMALIES) + nodeLines(view, subjects) + OPENMETRICS_END;
}

function* subjectsOf(view: FleetReading, inventory: readonly Asset[]): Generator<string, Subject[]> {
  const { health, prediction, decision } = presentVerdicts(view);
  const assets = new Map(inventory.map((one) => [one.gpu_uuid, one]));
  const subjects: Subject[] = [];
  let before = '';
  for (const entry of view.all()) {
    const { gpu_uuid, instance, node } = entry;
    const asset = assets.get(gpu_uuid);
    if (asset?.status === 'retired' || entry.ts < view.newest_ts - GONE_MS) continue;
    subjects.push({
      entry,
      labels: labelText({ gpu_uuid, gpu_instance: instance, node }),
      board: labelText({ gpu_uuid, node }),
      asset,
      health: health(entry),
      prediction: prediction(entry),
      decision: gpu_uuid === before ? null : decision(entry),
    });
    before = gpu_uuid;
    if (subjects.length % SUBJECTS_PER_PIECE === 0) yield '';
  }
  return subjects;
}

function nodeLines(view: FleetReading, subjects: readonly Subject[]): string {
  const open = new Map<string, { severity: Severity }[]>();
  for (const { entry } of subjects) open.set(entry.node, []);
  for (const anomaly of view.nodeAnomalies()) {
    open.set(anomaly.node, [...(open.get(anomaly.node) ?? []), anomaly]);
  }
  let text = '';
  for (const [node, anomalies] of open) {
    const labels = labelText({ node });
    for (const [severity, value] of bySeverity(anomalies))
      text += `${NODE_ANOMALIES.name}{${labels}${severity}} ${value}\n`;
  }
  return text;
}

function bySeverity(anomalies: Iterable<{ readonly severity: Severity }>): [labels: string, value: number][] {
  const open = { info: 0, warning: 0, critical: 0 };
  for (const { severity } of anomalies) open[severity] += 1;
  return SEVERITIES.map((severity) => [`,severity="${severity}"`, open[severity]]);
}
