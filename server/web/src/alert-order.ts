import type { AlertAnswer } from './answers.ts';

const RANK = { critical: 0, warning: 1, info: 2 } as const;

/** Nobody is told of it: it is silenced, or another alert explains it. */
export const isQuiet = ({ silenced_by, inhibited_by }: Pick<AlertAnswer, 'silenced_by' | 'inhibited_by'>): boolean =>
  silenced_by !== '' || inhibited_by !== '';

/** Worst first; of the same severity those that are told before quiet ones, unnoticed ones before others, then the oldest. */
export function compareAlerts(a: AlertAnswer, b: AlertAnswer): number {
  return (
    RANK[a.severity] - RANK[b.severity] ||
    Number(isQuiet(a)) - Number(isQuiet(b)) ||
    Number(a.acknowledged_at !== null) - Number(b.acknowledged_at !== null) ||
    (a.opened_at < b.opened_at ? -1 : a.opened_at > b.opened_at ? 1 : 0) ||
    (a.id < b.id ? -1 : 1)
  );
}

/** Alerts that belong together: those of one incident, with what it explains, or those of one node. */
export interface AlertGroup {
  readonly key: string;
  readonly kind: 'incident' | 'node' | 'wide';
  /** Id of the incident, name of the node, or empty. */
  readonly name: string;
  readonly alerts: readonly AlertAnswer[];
}

/** Groups in the order of their worst alert. */
export function groupAlerts(alerts: Iterable<AlertAnswer>): AlertGroup[] {
  const known = new Map([...alerts].map((one) => [one.id, one]));
  const groups = new Map<string, AlertGroup & { readonly alerts: AlertAnswer[] }>();
  for (const alert of [...known.values()].sort(compareAlerts)) {
    const about = known.get(alert.inhibited_by) ?? alert;
    const of_incident = about.source === 'incidents';
    const kind = of_incident ? 'incident' : about.node === '' ? 'wide' : 'node';
    const name = of_incident ? about.source_id : about.node;
    const key = `${kind} ${name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { key, kind, name, alerts: [alert] });
    else group.alerts.push(alert);
  }
  return [...groups.values()];
}

/** Which alerts one wants to see; an empty text does not narrow. */
export interface AlertFilter {
  /** Words; each must be somewhere in its names or its summary. */
  readonly q: string;
  readonly severity: string;
  readonly category: string;
  readonly rule: string;
  readonly node: string;
  /** `no`: those that nobody has taken notice of; `yes`: the others. */
  readonly noticed: string;
  /** `no`: those that are told; `yes`: silenced and explained ones. */
  readonly quiet: string;
}

const EQUAL = ['severity', 'category', 'rule', 'node'] as const;

export function alertMatches(alert: AlertAnswer, filter: AlertFilter): boolean {
  if (EQUAL.some((name) => filter[name] !== '' && alert[name] !== filter[name])) return false;
  if (filter.noticed !== '' && (alert.acknowledged_at !== null) !== (filter.noticed === 'yes')) return false;
  if (filter.quiet !== '' && isQuiet(alert) !== (filter.quiet === 'yes')) return false;
  const words = filter.q.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const { gpu_uuid, node, rack, owner, job, rule, summary, assigned_to } = alert;
  const text = `${gpu_uuid} ${node} ${rack} ${owner} ${job} ${rule} ${summary} ${assigned_to}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
