import type { HealthGrade } from '../pipeline/contract/events.ts';
import type { BoardDecision, BoardRisk, BoardScore } from './fleet-now.ts';

/** A GPU or MIG instance with what is known of it. Readings are NaN where there is none. */
export interface GroupMember {
  readonly gpu_uuid: string;
  readonly instance: string;
  readonly node: string;
  readonly group: string;
  readonly stale: boolean;
  readonly gpu_temp_celsius: number;
  readonly power_watts: number;
  readonly util_ratio: number;
  readonly open_info: number;
  readonly open_warning: number;
  readonly open_critical: number;
}

/** An open anomaly of a whole node. */
export interface NodeTrouble {
  readonly node: string;
  readonly severity: 'info' | 'warning' | 'critical';
}

type GroupScore = Pick<BoardScore, 'gpu_uuid' | 'instance' | 'overall_score' | 'health_grade'>;

export interface GroupVerdicts {
  readonly health: readonly GroupScore[];
  readonly predictions: readonly Pick<BoardRisk, 'gpu_uuid' | 'instance' | 'failure_prob_7d' | 'failure_prob_30d'>[];
  readonly decisions: readonly Pick<BoardDecision, 'gpu_uuid' | 'expected_value' | 'value_at_risk_usd_per_hour'>[];
}

export interface FleetGroup {
  readonly group: string;
  readonly gpus: number;
  readonly nodes_total: number;
  readonly stale: number;
  readonly power_watts: number;
  readonly mean_gpu_temp_celsius: number | null;
  readonly mean_gpu_util_ratio: number | null;
  readonly open_info: number;
  readonly open_warning: number;
  readonly open_critical: number;
  readonly worst_severity: 'info' | 'warning' | 'critical' | null;
  readonly grades: Readonly<Record<HealthGrade, number>>;
  readonly mean_score: number | null;
  /** The lowest score. */
  readonly worst: {
    readonly gpu_uuid: string;
    readonly instance: string;
    readonly node: string;
    readonly overall_score: number;
    readonly health_grade: HealthGrade;
  } | null;
  /** Sums of probabilities over boards; null where none is foreseen. */
  readonly expected_failures_7d: number | null;
  readonly expected_failures_30d: number | null;
  /** Sums over boards; null where nothing is decided. */
  readonly expected_value_usd: number | null;
  readonly value_at_risk_usd_per_hour: number | null;
}

/**
 * A fleet in figures by group, in the order of their names. What concerns a board (temperature, power, risk, value) counts
 * once a board and group however many instances it is cut into; the risk of a board is that of its most likely instance.
 * Stale members count in `gpus`, `stale`, anomalies and verdicts. A node's own trouble counts in every group that it is in.
 * One pass over members and verdicts.
 */
export function fleetGroups(
  members: Iterable<GroupMember>,
  troubles: Iterable<NodeTrouble>,
  verdicts: GroupVerdicts,
): FleetGroup[] {
  const health = new Map(verdicts.health.map((score) => [key(score.gpu_uuid, score.instance), score]));
  const risk = new Map<string, { p7: number; p30: number }>();
  for (const { gpu_uuid, failure_prob_7d, failure_prob_30d } of verdicts.predictions) {
    const known = risk.get(gpu_uuid);
    risk.set(gpu_uuid, {
      p7: Math.max(known?.p7 ?? 0, failure_prob_7d),
      p30: Math.max(known?.p30 ?? 0, failure_prob_30d),
    });
  }
  const value = new Map(verdicts.decisions.map((decision) => [decision.gpu_uuid, decision]));
  const groups = new Map<string, Sums>();
  for (const member of members) {
    const sums = groups.get(member.group) ?? new Sums();
    groups.set(member.group, sums);
    sums.add(member, health.get(key(member.gpu_uuid, member.instance)) ?? health.get(member.gpu_uuid));
    if (sums.boards.has(member.gpu_uuid)) continue;
    sums.boards.add(member.gpu_uuid);
    const foreseen = risk.get(member.gpu_uuid);
    if (foreseen !== undefined) {
      sums.failures_7d = (sums.failures_7d ?? 0) + foreseen.p7;
      sums.failures_30d = (sums.failures_30d ?? 0) + foreseen.p30;
    }
    const decided = value.get(member.gpu_uuid);
    if (decided !== undefined) {
      sums.value = (sums.value ?? 0) + decided.expected_value;
      sums.at_risk = (sums.at_risk ?? 0) + decided.value_at_risk_usd_per_hour;
    }
  }
  const ofNode = new Map<string, Sums[]>();
  for (const sums of groups.values()) {
    for (const node of sums.nodes) ofNode.set(node, [...(ofNode.get(node) ?? []), sums]);
  }
  for (const { node, severity } of troubles) for (const sums of ofNode.get(node) ?? []) sums.open[severity] += 1;
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([group, sums]) => ({ group, ...sums.figures() }));
}

const key = (gpu_uuid: string, instance: string): string =>
  instance === '' ? gpu_uuid : `${gpu_uuid}\u001f${instance}`;

class Sums {
  readonly boards = new Set<string>();
  readonly nodes = new Set<string>();
  readonly open = { info: 0, warning: 0, critical: 0 };
  failures_7d: number | null = null;
  failures_30d: number | null = null;
  value: number | null = null;
  at_risk: number | null = null;
  private gpus = 0;
  private stale = 0;
  private power = 0;
  private readonly measured = new Set<string>();
  private readonly temps = { sum: 0, count: 0 };
  private readonly utils = { sum: 0, count: 0 };
  private readonly scores = { sum: 0, count: 0 };
  private readonly grades: Record<HealthGrade, number> = {
    excellent: 0,
    good: 0,
    fair: 0,
    degraded: 0,
    poor: 0,
    critical: 0,
    unknown: 0,
  };
  private worst: FleetGroup['worst'] = null;

  add(member: GroupMember, score: GroupScore | undefined): void {
    const { gpu_uuid, instance, node, gpu_temp_celsius: temp, power_watts: power, util_ratio: util } = member;
    this.gpus += 1;
    this.nodes.add(node);
    this.open.info += member.open_info;
    this.open.warning += member.open_warning;
    this.open.critical += member.open_critical;
    this.grades[score?.health_grade ?? 'unknown'] += 1;
    if (typeof score?.overall_score === 'number') {
      const { overall_score, health_grade } = score;
      this.scores.sum += overall_score;
      this.scores.count += 1;
      if (this.worst === null || overall_score < this.worst.overall_score) {
        this.worst = { gpu_uuid, instance, node, overall_score, health_grade };
      }
    }
    if (member.stale) {
      this.stale += 1;
      return;
    }
    if (!Number.isNaN(util)) {
      this.utils.sum += util;
      this.utils.count += 1;
    }
    // Instances repeat what their board measures.
    if ((Number.isNaN(temp) && Number.isNaN(power)) || this.measured.has(gpu_uuid)) return;
    this.measured.add(gpu_uuid);
    if (!Number.isNaN(power)) this.power += power;
    if (Number.isNaN(temp)) return;
    this.temps.sum += temp;
    this.temps.count += 1;
  }

  figures(): Omit<FleetGroup, 'group'> {
    const { info, warning, critical } = this.open;
    const mean = ({ sum, count }: { sum: number; count: number }): number | null => (count === 0 ? null : sum / count);
    const score = mean(this.scores);
    return {
      gpus: this.gpus,
      nodes_total: this.nodes.size,
      stale: this.stale,
      power_watts: this.power,
      mean_gpu_temp_celsius: mean(this.temps),
      mean_gpu_util_ratio: mean(this.utils),
      open_info: info,
      open_warning: warning,
      open_critical: critical,
      worst_severity: critical > 0 ? 'critical' : warning > 0 ? 'warning' : info > 0 ? 'info' : null,
      grades: this.grades,
      mean_score: score === null ? null : Math.round(score * 10) / 10,
      worst: this.worst,
      expected_failures_7d: this.failures_7d,
      expected_failures_30d: this.failures_30d,
      expected_value_usd: this.value,
      value_at_risk_usd_per_hour: this.at_risk,
    };
  }
}
