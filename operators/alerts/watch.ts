import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { Severity } from '../../pipeline/contract/events.ts';
import { SEVERITY_RANK } from '../episodes/in-words.ts';
import type { Finding } from './finding.ts';
import type { NewestReading } from './newest-reading.ts';

/** One thing that keeps a watch going: an anomaly, an episode, an incident, low health, high risk. */
interface Cause {
  readonly key: string;
  readonly kinds: readonly string[];
  readonly nodes: readonly string[];
  severity: Severity;
  gone_at: number | null;
  /** When it is taken as gone without any news. */
  until: number | null;
  /** What it says, while the alert speaks of another one. */
  words?: Words;
}

/** A finding, and the values that the rule's summary asks for. */
interface Words {
  readonly finding: Finding;
  readonly holes: Readonly<Record<string, string>>;
}

/** A rule that holds, or held a moment ago, for one board, node or incident; with the alert that came of it. Plain data. */
export interface Watch {
  readonly rule: string;
  readonly category: string;
  /** Since when the rule holds. */
  since: number;
  causes: Cause[];
  /** What its alert says, as told last, and the values that its summary asks for. */
  finding: Finding;
  holes: Readonly<Record<string, string>>;
  /** The newest reading of the finding's metric. */
  reading?: NewestReading;
  alert: Alert | null;
  /** Event time of the last sign of life of what it is about. */
  heard_at: number;
}

const CAUSES_MAX = 16;

export const isHeld = (watch: Watch): boolean => watch.causes.some(({ gone_at }) => gone_at === null);
export const isOpen = (watch: Watch): boolean => watch.alert !== null;

/** The watch that a cause keeps going, or kept. */
export const watchOf = (watches: readonly Watch[], cause: string): Watch | undefined =>
  watches.find(({ causes }) => causes.some(({ key }) => key === cause));

/** Takes that a cause is gone, or how it stands since; another one that goes on is spoken of from then on. */
export function leave(watch: Watch, finding: Finding, holes: Readonly<Record<string, string>>): void {
  const cause = watch.causes.find(({ key }) => key === finding.cause);
  if (cause === undefined) return;
  if (cause.gone_at === null) {
    watch.heard_at = Math.max(watch.heard_at, finding.at);
    cause.gone_at = finding.at;
    cause.until = finding.until;
    delete cause.words;
  }
  if (watch.finding.cause !== finding.cause) return;
  const heir = watch.causes
    .filter(({ gone_at, words }) => gone_at === null && words !== undefined)
    .reduce<Cause | null>((most, one) => (most === null || isGraver(one, most) ? one : most), null);
  if (heir?.words !== undefined) {
    speakOf(watch, heir.words);
    delete heir.words;
    return;
  }
  // How it ended; what to do, and how bad it was, stay as they were told.
  const { text, at, action_text, tells_end } = finding;
  watch.finding = {
    ...watch.finding,
    text,
    at,
    action_text: action_text || watch.finding.action_text,
    ...(tells_end === true && { tells_end }),
  };
  if (Object.keys(holes).length > 0) watch.holes = holes;
}

const isGraver = (a: { readonly severity: Severity }, b: { readonly severity: Severity }): boolean =>
  SEVERITY_RANK[a.severity] > SEVERITY_RANK[b.severity];

function speakOf(watch: Watch, { finding, holes }: Words): void {
  watch.finding = { ...finding, job: finding.job || watch.finding.job };
  watch.holes = holes;
}

/** Notes what a metric of the board reads, if that is what the watch speaks of. */
export function noteReading(watch: Watch, instance: string, at: number, read: (metric: string) => number): void {
  const { metric, instance: mine } = watch.finding;
  if (metric === undefined || mine !== instance) return;
  const value = read(metric);
  if (Number.isFinite(value)) watch.reading = { metric, value, at };
}

/** Takes a cause, or what is new of it. The gravest is spoken of, of equals the first. */
export function take(watch: Watch, finding: Finding, holes: Readonly<Record<string, string>>): void {
  const held = watch.causes.filter(({ key, gone_at }) => key !== finding.cause && gone_at === null);
  const { cause: key, kinds, severity, until, nodes = [] } = finding;
  const graver_now = held.every((one) => isGraver(finding, one));
  const own = watch.finding.cause === key;
  const cause: Cause = { key, kinds, nodes, severity, gone_at: null, until };
  watch.causes = [...held, own || graver_now ? cause : { ...cause, words: { finding, holes } }].slice(-CAUSES_MAX);
  watch.heard_at = Math.max(watch.heard_at, finding.at);
  if (!own && !graver_now) return;
  const before = held.find((one) => one.key === watch.finding.cause);
  if (before !== undefined) before.words = { finding: watch.finding, holes: watch.holes };
  speakOf(watch, { finding, holes });
}
