import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { Severity } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { graver, SEVERITY_RANK } from '../episodes/in-words.ts';
import type { AlertPlace } from './alert-place.ts';
import type { AlertRule } from './alert-rule.ts';
import { type AlertChange, courseText } from './course-text.ts';
import type { Finding } from './finding.ts';
import { summaryText } from './summary-text.ts';
import { isHeld, isOpen, leave, take, type Watch, watchOf } from './watch.ts';

/** What the watches of one place need of their surroundings. */
export interface Desk {
  readonly rules: readonly AlertRule[];
  /** Whom nobody has heard of for so long is no longer there: its alerts close. */
  readonly forget_after: DurationMs;
  /** When an alert of this place last was open, by rules that do not ask to be alone; 0 = never. */
  told_at(): number;
  noteTold(at: number): void;
  /** Whether somebody else has an alert open for it. */
  openElsewhere(finding: Finding): boolean;
  place(finding: Finding): AlertPlace;
  tell(alert: Alert): void;
}

const ruleOf = (watch: Watch, desk: Desk): AlertRule | undefined =>
  desk.rules.find(({ name, enabled }) => enabled && name === watch.rule);

/** Takes news: `rule` is the one that it fits now, null for none. Answers the watches that are left. */
export function noteFinding(
  before: readonly Watch[],
  finding: Finding,
  rule: AlertRule | null,
  holes: Readonly<Record<string, string>>,
  desk: Desk,
): Watch[] {
  let watches = [...before];
  const known = watchOf(watches, finding.cause);
  if (rule === null || !finding.holds) {
    if (known !== undefined) leave(known, finding, holes);
    return watches.filter((watch) => isOpen(watch) || isHeld(watch));
  }
  // A rule that has not told yet gives way to the one that fits now.
  if (known !== undefined && known.rule !== rule.name && !isOpen(known)) {
    known.causes = known.causes.filter(({ key }) => key !== finding.cause);
    watches = watches.filter(({ causes }) => causes.length > 0);
  }
  let watch = watchOf(watches, finding.cause);
  if (watch === undefined) {
    if (isToldBy(watches, finding)) return watches;
    watch = hostOf(watches, finding, rule);
    if (watch === undefined) {
      if (!finding.opens) return watches;
      const { category, at } = finding;
      watch = { rule: rule.name, category, since: at, causes: [], finding, holes, alert: null, heard_at: at };
      watches.push(watch);
    }
  }
  take(watch, finding, holes);
  const left = absorb(watches, watch, finding);
  settle(watch, finding.at, desk, left);
  return left;
}

/** Takes over an alert that others have told; `finding` is what keeps it open from now on. */
export function adoptAlert(before: readonly Watch[], alert: Alert, finding: Finding): Watch[] {
  const { cause: key, kinds, severity, at, until } = finding;
  const others = before.filter((watch) => isOpen(watch) || !watch.causes.some((one) => one.key === key));
  const causes = [{ key, kinds, nodes: [], severity, gone_at: null, until }];
  const { rule, category } = alert;
  return [...others, { rule, category, since: at, causes, finding, holes: {}, alert, heard_at: at }];
}

/** Opens what has held for long enough, closes what has been gone for long enough. Answers what is left. */
export function passTime(before: readonly Watch[], now: number, desk: Desk): Watch[] {
  for (const watch of before) {
    for (const cause of watch.causes) {
      if (cause.until !== null && now >= cause.until) cause.gone_at ??= cause.until;
    }
    settle(watch, now, desk, before);
  }
  return before.filter((watch) => {
    const { alert } = watch;
    const rule = ruleOf(watch, desk);
    if (alert === null) return isHeld(watch) && rule !== undefined && now - watch.heard_at <= desk.forget_after;
    const gone_at = goneAt(watch, rule, now, desk);
    if (gone_at === null || (rule !== undefined && now - gone_at < rule.keep)) return true;
    const closed_at = Math.max(gone_at, alert.opened_at);
    if (rule?.alone === null) desk.noteTold(now);
    const words = lastWords(watch, rule, endOf(watch, rule, closed_at, now, desk), closed_at, desk);
    desk.tell({ ...alert, ...words, state: 'closed', closed_at });
    return false;
  });
}

/** Since when nothing keeps an open alert any more; null while something does. */
function goneAt(watch: Watch, rule: AlertRule | undefined, now: number, desk: Desk): number | null {
  // A rule that nobody wants any more lets go of its alerts.
  if (rule === undefined) return now;
  if (now - watch.heard_at > desk.forget_after) return watch.heard_at;
  return isHeld(watch) ? null : Math.max(...watch.causes.map(({ gone_at }) => gone_at ?? 0));
}

/** Why an alert closes. */
function endOf(watch: Watch, rule: AlertRule | undefined, closed_at: number, now: number, desk: Desk): AlertChange {
  if (rule === undefined) return { kind: 'unwanted' };
  if (now - watch.heard_at > desk.forget_after) return { kind: 'forgotten' };
  const { finding, since, causes } = watch;
  if (causes.some(({ until, gone_at }) => until !== null && gone_at === until && until === closed_at))
    return { kind: 'unseen_reset' };
  // What it speaks of may be one of several things that came one after the other.
  return { kind: 'over', told: finding.tells_end === true && finding.since <= since && finding.at === closed_at };
}

/** Whether another watch of the place stands for this already: an episode for its anomalies, an incident for its nodes. */
const isToldBy = (watches: readonly Watch[], { source, kinds, node }: Finding): boolean =>
  source === 'anomalies' &&
  watches.some(
    ({ causes, finding }) =>
      finding.source !== 'anomalies' &&
      causes.some(
        (cause) =>
          cause.gone_at === null &&
          cause.kinds.some((kind) => kinds.includes(kind)) &&
          (cause.nodes.length === 0 || cause.nodes.includes(node)),
      ),
  );

/** The watch that news of another cause belongs to: of the same rule, or one that has told of an anomaly that it is about. */
function hostOf(watches: readonly Watch[], finding: Finding, rule: AlertRule): Watch | undefined {
  const same = watches.find(
    (watch) => watch.rule === rule.name && (finding.source !== 'xid_episodes' || watch.category === finding.category),
  );
  const shares = ({ causes }: Watch): boolean =>
    causes.some(({ kinds }) => kinds.some((kind) => finding.kinds.includes(kind)));
  return same ?? watches.find((watch) => isOpen(watch) && shares(watch));
}

/** Lets go of watches that have told nothing yet of what this one stands for. */
const absorb = (watches: readonly Watch[], mine: Watch, finding: Finding): Watch[] =>
  finding.source === 'anomalies'
    ? [...watches]
    : watches.filter((watch) => {
        if (watch === mine || isOpen(watch) || watch.finding.source !== 'anomalies') return true;
        watch.causes = watch.causes.filter(({ kinds }) => !kinds.some((kind) => finding.kinds.includes(kind)));
        return watch.causes.length > 0;
      });

/** Opens the alert of a watch when it is due, or raises it. */
function settle(watch: Watch, now: number, desk: Desk, beside: readonly Watch[]): void {
  const rule = ruleOf(watch, desk);
  if (rule === undefined || !isHeld(watch)) return;
  const found = watch.causes.reduce<Severity>(
    (worst, { severity, gone_at }) => (gone_at === null ? graver(worst, severity) : worst),
    'info',
  );
  const severity = rule.severity === 'found' ? found : rule.severity;
  const { alert } = watch;
  if (alert !== null) {
    if (rule.severity !== 'found' || SEVERITY_RANK[severity] <= SEVERITY_RANK[alert.severity]) return;
    const raised = { kind: 'raised', from: alert.severity, to: severity } as const;
    watch.alert = { ...alert, ...lastWords(watch, rule, raised, now, desk), severity };
    desk.tell(watch.alert);
    return;
  }
  if (now < watch.since + rule.for) return;
  if (rule.alone !== null) {
    const other = beside.some((one) => one !== watch && isOpen(one)) || desk.openElsewhere(watch.finding);
    const told_at = desk.told_at();
    if (other || (told_at > 0 && now - told_at < rule.alone)) return;
  }
  const opened_at = rule.alone === null ? watch.since + rule.for : now;
  watch.alert = alertOf(watch, rule, severity, opened_at, desk);
  if (rule.alone === null) desk.noteTold(now);
  desk.tell(watch.alert);
}

/** What there is to say now; what an alert is about and where it came from stay as they were told. */
function lastWords(
  watch: Watch,
  rule: AlertRule | undefined,
  change: AlertChange,
  at: number,
  desk: Desk,
): Partial<Alert> {
  const { alert, finding, reading } = watch;
  if (alert === null) return {};
  const { opened_at } = alert;
  const newest = reading?.metric === finding.metric ? (reading ?? null) : null;
  const course = courseText(change, { began: Math.min(watch.since, opened_at), opened_at, at }, newest);
  const whole = (text: string): string => (course === '' ? text : `${text} ${course}`);
  if (rule === undefined) return { summary: whole(alert.summary) };
  const { summary, action, action_text } = alertOf(watch, rule, alert.severity, opened_at, desk);
  return { summary: whole(summary), action, action_text, job: alert.job || finding.job };
}

function alertOf(watch: Watch, rule: AlertRule, severity: Severity, opened_at: number, desk: Desk): Alert {
  const { finding, holes, since } = watch;
  const place = desk.place(finding);
  const { model, cluster, rack, owner, tenant } = place;
  const several = finding.gpus !== undefined && finding.gpu_uuid === '' && finding.gpus.length > 0;
  return {
    ts: opened_at,
    gpu_uuid: finding.gpu_uuid,
    node: finding.node,
    instance: finding.instance,
    id: causeId('alert', rule.name, finding.source_id, since),
    rule: rule.name,
    severity,
    state: 'open',
    summary: summaryText(rule, finding, place, holes),
    action_text: rule.action_text || finding.action_text,
    action: finding.action,
    category: rule.category || finding.category,
    source: finding.source,
    source_id: finding.source_id,
    model: finding.gpu_uuid === '' ? '' : model,
    cluster,
    rack,
    owner,
    tenant,
    job: finding.job,
    ...(several && finding.node === '' ? { gpus: finding.gpus as readonly string[] } : {}),
    opened_at,
    closed_at: null,
  };
}
