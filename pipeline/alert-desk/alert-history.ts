import { ALERTS_STREAM } from '../bus/ensure-streams.ts';
import { storedMessages } from '../bus/stored-messages.ts';
import type { Alert } from '../contract/alerts.ts';
import type { Bus } from '../contract/bus.ts';
import type { Severity } from '../contract/events.ts';
import { subjectToken } from '../contract/ids.ts';
import type { HandlingAct } from './handling.ts';
import { readAlert } from './read-alert.ts';
import { severityRank } from './severity-rank.ts';

/** Something that happened to an alert. */
export interface AlertChange {
  readonly at: number;
  readonly what: 'opened' | 'escalated' | 'closed' | HandlingAct['act'];
  /** Its severity from then on; null for what people did. */
  readonly severity: Severity | null;
  /** Who did it; empty for what followed from telemetry. */
  readonly by: string;
  readonly to: string;
  readonly note: string;
}

const VERSIONS_MAX = 1_000;

/** What the stream has of an alert, and when it came there, oldest first; nothing of what is older than the stream keeps. Throws VitalsError. */
export async function storedVersions(
  bus: Bus,
  { id, node, gpu_uuid, rule }: Pick<Alert, 'id' | 'node' | 'gpu_uuid' | 'rule'>,
): Promise<readonly StoredVersion[]> {
  const subject = ['alerts.*', subjectToken(node), subjectToken(gpu_uuid), subjectToken(rule)].join('.');
  const versions: StoredVersion[] = [];
  for await (const { data, arrived_at } of storedMessages(bus, ALERTS_STREAM, { subject, from: 1 })) {
    const alert = readAlert(data);
    if (typeof alert === 'string' || alert.id !== id) continue;
    versions.push({ alert, arrived_at });
    if (versions.length === VERSIONS_MAX) break;
  }
  return versions;
}

export interface StoredVersion {
  readonly alert: Alert;
  readonly arrived_at: number;
}

/** Openings, rises and closings each once, and what people did, in the order of time. */
export function changesOf(
  latest: Pick<Alert, 'severity' | 'opened_at' | 'closed_at'>,
  versions: readonly StoredVersion[],
  acts: readonly HandlingAct[],
): AlertChange[] {
  const ours = { by: '', to: '', note: '' };
  const first = versions[0]?.alert.severity ?? latest.severity;
  const changes: AlertChange[] = [{ at: latest.opened_at, what: 'opened', severity: first, ...ours }];
  let severity = first;
  for (const { alert, arrived_at } of versions) {
    if (severityRank(alert.severity) <= severityRank(severity)) continue;
    severity = alert.severity;
    changes.push({ at: arrived_at, what: 'escalated', severity, ...ours });
  }
  for (const { at, act, by, to, note } of acts) changes.push({ at, what: act, severity: null, by, to, note });
  if (latest.closed_at !== null) changes.push({ at: latest.closed_at, what: 'closed', severity, ...ours });
  return changes.sort((a, b) => a.at - b.at);
}
