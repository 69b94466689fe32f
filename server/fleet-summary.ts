import type { Clock } from '../pipeline/clock.ts';
import { metricIndex } from '../pipeline/contract/metrics.ts';
import type { FleetReading, GpuEntry } from './fleet-view.ts';
import { nullableInstantText } from './instant.ts';
import type { FleetSummary } from './schemas-fleet.ts';

/** What is known from samples and anomalies; verdicts are read apart. */
type LiveSummary = Omit<
  FleetSummary,
  | 'health'
  | 'expected_failures_7d'
  | 'expected_failures_30d'
  | 'expected_value_usd'
  | 'value_at_risk_usd_per_hour'
  | 'group_by'
  | 'groups'
>;

const TEMP = metricIndex('gpu_temp_celsius');
const POWER = metricIndex('power_watts');
const UTIL = metricIndex('gpu_util_ratio');
const ENGINE = metricIndex('gr_engine_active_ratio');

class Tally {
  gpus = 0;
  stale = 0;
  power_watts = 0;
  open_info = 0;
  open_warning = 0;
  open_critical = 0;
  private temps = 0;
  private temp_sum = 0;

  add(entry: GpuEntry, temp: number, power: number): void {
    this.gpus++;
    for (const { severity } of entry.anomalies.values()) this[`open_${severity}`]++;
    if (entry.stale) {
      this.stale++;
      return;
    }
    if (!Number.isNaN(power)) this.power_watts += power;
    if (Number.isNaN(temp)) return;
    this.temps++;
    this.temp_sum += temp;
  }

  figures() {
    return {
      gpus: this.gpus,
      stale: this.stale,
      power_watts: this.power_watts,
      mean_gpu_temp_celsius: this.temps === 0 ? null : this.temp_sum / this.temps,
      open_info: this.open_info,
      open_warning: this.open_warning,
      open_critical: this.open_critical,
    };
  }
}

/**
 * The fleet in figures. Temperature and power of MIG instances are their board's, told once per board. One pass over the fleet.
 */
function fleetSummary(view: FleetReading): LiveSummary {
  const all = new Tally();
  const models = new Map<string, Tally>();
  const nodes = new Map<string, Tally>();
  const worst = { critical: 0, warning: 0, info: 0, none: 0 };
  let measured = '';
  let [util, utils] = [0, 0];
  for (const entry of view.all()) {
    // The instances of a board follow each other.
    const again = entry.gpu_uuid === measured;
    const temp = again ? Number.NaN : view.value(entry, TEMP);
    const power = again ? Number.NaN : view.value(entry, POWER);
    if (!entry.stale && !(Number.isNaN(temp) && Number.isNaN(power))) measured = entry.gpu_uuid;
    all.add(entry, temp, power);
    tallyOf(models, entry.model).add(entry, temp, power);
    tallyOf(nodes, entry.node).add(entry, temp, power);
    worst[worstOf(entry)]++;
    const busy = view.value(entry, UTIL);
    const used = Number.isNaN(busy) ? view.value(entry, ENGINE) : busy;
    if (!entry.stale && !Number.isNaN(used)) {
      util += used;
      utils++;
    }
  }
  for (const { node, severity } of view.nodeAnomalies()) {
    all[`open_${severity}`]++;
    const tally = nodes.get(node);
    if (tally !== undefined) tally[`open_${severity}`]++;
  }
  return {
    ts: nullableInstantText(view.newest_ts),
    ...all.figures(),
    nodes_total: nodes.size,
    mean_gpu_util_ratio: utils === 0 ? null : util / utils,
    gpus_with_critical: worst.critical,
    gpus_with_warning: worst.warning,
    gpus_with_info: worst.info,
    gpus_without_anomaly: worst.none,
    models: byName(models).map(([model, tally]) => ({ model, ...tally.figures() })),
    nodes: byName(nodes).map(([node, tally]) => ({ node, ...tally.figures() })),
  };
}

/** The summary, computed anew when the fleet has changed and the last one is older than `age_max_ms`. */
export function cachedFleetSummary(view: FleetReading, clock: Clock, age_max_ms: number): () => LiveSummary {
  let last: { readonly summary: LiveSummary; readonly revision: number; readonly at: number } | null = null;
  return () => {
    const now = clock.monotonic();
    if (last === null || (last.revision !== view.revision && now - last.at >= age_max_ms)) {
      last = { summary: fleetSummary(view), revision: view.revision, at: now };
    }
    return last.summary;
  };
}

function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  let tally = tallies.get(name);
  if (tally === undefined) {
    tally = new Tally();
    tallies.set(name, tally);
  }
  return tally;
}

const byName = (tallies: Map<string, Tally>): [string, Tally][] =>
  [...tallies].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

function worstOf(entry: GpuEntry): 'critical' | 'warning' | 'info' | 'none' {
  let worst: 'critical' | 'warning' | 'info' | 'none' = 'none';
  for (const { severity } of entry.anomalies.values()) {
    if (severity === 'critical') return 'critical';
    if (severity === 'warning' || worst === 'none') worst = severity;
  }
  return worst;
}
