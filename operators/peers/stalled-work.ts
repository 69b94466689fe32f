import type { Anomaly, Severity } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import { formatDuration, hours, minutes } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';
import { type Member, readingOf, SUMMARY } from './job-members.ts';
import { readingWords } from './reading-words.ts';
import { robustCentre } from './robust-centre.ts';

/** What a job did so far. Plain data. */
export interface Work {
  readonly judged_at: number;
  /** For how long it was seen to compute, what its GPUs then draw (median, W), and how many they were. */
  readonly worked_ms: number;
  readonly usual_watts: number;
  readonly gpus: number;
  /** Since when all of them spin; 0 = they do not. */
  readonly since: number;
  readonly open: Anomaly | null;
}

/** A kernel that waits for others keeps its GPU busy by every count but those of what it does. */
const SPIN_ACTIVITY = 0.95;
const IDLE_TENSOR = 0.01;
const IDLE_DRAM = 0.02;
const IDLE_NVLINK_MB = 500;
const WORK_TENSOR = 0.03;
const WORK_DRAM = 0.06;
/** And draws so much less than at work. */
const POWER_RATIO = 0.5;
/** What a job must have worked before anybody can say that it stopped. */
const WORKED_MIN_MS = minutes(30);
const STALLED_MS = minutes(10);
/** Longer than checkpoints and evaluations take on one GPU while the others wait. */
const WARNING_MS = hours(1);
/** What one evaluation can vouch for. */
const STEP_MAX_MS = minutes(3);
const POWER_MEMORY_MS = hours(1);

const FRESH: Work = { judged_at: 0, worked_ms: 0, usual_watts: 0, gpus: 0, since: 0, open: null };

/**
 * Follows whether a job computes or only waits: type `work_stalled`, one for the whole job, on its first node, info after ten
 * minutes in which all its GPUs are busy without tensor cores, memory or NVLink at half their usual power and less, a warning
 * after an hour. It is the job's fault and no GPU's. Jobs whose GPUs have no profiling counters are never judged.
 */
export function followWork(
  was: Work | undefined,
  job: string,
  members: readonly Member[],
  now: number,
  tell: (anomaly: Anomaly) => void,
): Work {
  const before = was ?? FRESH;
  const elapsed = before.judged_at === 0 ? 0 : Math.min(STEP_MAX_MS, now - before.judged_at);
  const next: Work = { ...before, judged_at: now };
  if (members.some(computes)) {
    if (before.open !== null) tell(closed(before.open, now, `${job} computes again.`));
    const share = Math.min(1, elapsed / Math.min(POWER_MEMORY_MS, Math.max(elapsed, before.worked_ms) || 1));
    const watts = medianPower(members);
    return {
      ...next,
      worked_ms: before.worked_ms + elapsed,
      usual_watts: before.usual_watts === 0 ? watts : before.usual_watts + share * (watts - before.usual_watts),
      gpus: members.length,
      since: 0,
      open: null,
    };
  }
  const watts = medianPower(members);
  const spins =
    before.worked_ms >= WORKED_MIN_MS &&
    members.length >= 2 &&
    2 * members.length >= before.gpus &&
    watts <= POWER_RATIO * before.usual_watts &&
    members.every(waits);
  if (!spins) return before.open === null ? { ...next, since: 0 } : next;
  const since = before.since === 0 ? now : before.since;
  if (now - since < STALLED_MS) return { ...next, since };
  const severity: Severity = now - since >= WARNING_MS ? 'warning' : 'info';
  if (before.open !== null && (before.open.severity === severity || severity === 'info')) return { ...next, since };
  const open = stalled(job, members, now, since, watts, before, severity);
  tell(open);
  return { ...next, since, open };
}

/** The job's GPUs no longer work together. */
export function endWork(work: Work | undefined, job: string, now: number, tell: (anomaly: Anomaly) => void): void {
  if (work?.open) tell(closed(work.open, now, `${job} has let go of its GPUs.`));
}

const known = (member: Member): boolean =>
  readingOf(member, SUMMARY.tensor) >= 0 && readingOf(member, SUMMARY.dram) >= 0;

const computes = (member: Member): boolean =>
  known(member) && (readingOf(member, SUMMARY.tensor) >= WORK_TENSOR || readingOf(member, SUMMARY.dram) >= WORK_DRAM);

const waits = (member: Member): boolean =>
  known(member) &&
  readingOf(member, SUMMARY.activity) >= SPIN_ACTIVITY &&
  readingOf(member, SUMMARY.tensor) <= IDLE_TENSOR &&
  readingOf(member, SUMMARY.dram) <= IDLE_DRAM &&
  readingOf(member, SUMMARY.nvlink) <= IDLE_NVLINK_MB;

function medianPower(members: readonly Member[]): number {
  const powers = members.map((member) => readingOf(member, SUMMARY.power)).filter((watts) => watts >= 0);
  return powers.length === 0 ? Number.POSITIVE_INFINITY : robustCentre(Float64Array.from(powers), powers.length).median;
}

function stalled(
  job: string,
  members: readonly Member[],
  now: number,
  since: number,
  watts: number,
  { usual_watts, open }: Work,
  severity: Severity,
): Anomaly {
  const nodes = [...new Set(members.map(({ share }) => share.node))].sort();
  const node = open?.node ?? (nodes[0] as string);
  const opened_at = open?.opened_at ?? now;
  const words = (value: number): string => readingWords(value, 'power_watts');
  const linked = members.some((member) => readingOf(member, SUMMARY.nvlink) >= 0);
  const still = linked ? 'tensor cores, memory and NVLink' : 'tensor cores and memory';
  const where = nodes.length === 1 ? nodes[0] : `${nodes.length} nodes`;
  return {
    ts: opened_at,
    gpu_uuid: '',
    node,
    instance: '',
    id: open?.id ?? causeId('job_peers', job, node, 'work_stalled', 'power_watts', opened_at),
    type: 'work_stalled',
    metric: 'power_watts',
    severity,
    score: usual_watts / Math.max(1, watts),
    observed: watts,
    expected: usual_watts,
    window: formatDuration(severity === 'warning' ? WARNING_MS : STALLED_MS),
    detector: 'job_peers',
    explanation:
      `Job ${job} has done nothing for ${elapsedWords(now - since)}: all its ${members.length} GPUs on ${where} are busy, but their ` +
      `${still} stand still, and they draw ${words(watts)} instead of ${words(usual_watts)}. They wait ` +
      'for each other, as in a collective that hangs: a fault of the job, not of a GPU. Look at its stacks and restart it.',
    state: 'open',
    opened_at,
    closed_at: null,
  };
}

const closed = (open: Anomaly, now: number, how: string): Anomaly => ({
  ...open,
  state: 'closed',
  closed_at: now,
  explanation: `${open.explanation.replace(/: all its.*$/s, '')} by ${new Date(open.opened_at).toISOString()}. Since then ${how}`,
});
