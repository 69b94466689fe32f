import type { XidEvent } from '../../pipeline/contract/events.ts';
import { xidEntry } from '../../pipeline/contract/xids.ts';
import { spanText } from './in-words.ts';
import type { Story } from './story.ts';
import { workloadOf } from './workload-of.ts';

/** The last fault of a kind that a program can cause, per GPU, code and job of a node. Plain data. */
export interface Fault {
  readonly gpu_uuid: string;
  readonly xid: number;
  readonly job: string;
  readonly ts: number;
}

/** The same code on one GPU under one job, without a longer pause than the burst gap. Plain data. */
export interface FaultBurst {
  readonly xid: number;
  readonly job: string;
  ts: number;
  /** Whether other GPUs of the job showed it too, which acquits this one. */
  spread: boolean;
}

export interface FaultRules {
  /** How far back faults of a job or GPU are put together. */
  readonly window: number;
  /** Pause that ends a burst; faults of several GPUs that share no job must come within it. */
  readonly gap: number;
}

const FAULTS_MAX = 64;
const BURSTS_MAX = 16;
/** Bursts on one GPU that make it suspect when nobody knows under which job they came. */
const BURSTS_WITHOUT_JOB = 3;

/** Whether a program alone can have caused a code that tells a story of its own. */
export const mayBeApplication = (xid: number): boolean => {
  const { category, follows } = xidEntry(xid);
  return category === 'application' && follows !== 'any';
};

export interface Verdict {
  readonly by: 'application' | 'hardware';
  readonly evidence: string;
}

/**
 * Who is to blame for a fault, and on which other GPUs' account: with faults on several GPUs of its job the application, with
 * repeats on one GPU alone that GPU, else nobody yet. Notes the fault in its node's and its GPU's lists, which are changed.
 */
export function blameFor(
  event: XidEvent,
  faults: Fault[],
  bursts: FaultBurst[],
  rules: FaultRules,
): { verdict: Verdict | null; gpus: readonly string[] } {
  const gpus = noteSpread(faults, event, rules);
  const spread = gpus.length >= 2;
  noteBurst(bursts, event, spread, rules);
  if (spread) {
    const of_job = event.job !== '' && gpus.every((gpu) => jobsOf(faults, gpu).includes(event.job));
    const whose = of_job ? `of job ${event.job}` : `of node ${event.node} within ${spanText(rules.gap)}`;
    return { verdict: { by: 'application', evidence: `such faults came on ${gpus.length} GPUs ${whose}` }, gpus };
  }
  const suspect = suspicion(bursts, event.xid);
  const evidence = `${suspect} within ${spanText(rules.window)}`;
  return { verdict: suspect === null ? null : { by: 'hardware', evidence }, gpus: [] };
}

const jobsOf = (faults: readonly Fault[], gpu_uuid: string): string[] =>
  faults.filter((one) => one.gpu_uuid === gpu_uuid).map(({ job }) => job);

/** Whether a story of another GPU is about the same faults as an event that was found to be the application's. */
export function sharesFault(story: Story, event: XidEvent, rules: FaultRules): boolean {
  const apart = Math.abs(event.ts - story.last_event);
  if (event.job !== '' && story.job === event.job) return apart <= rules.window && story.xids.some(mayBeApplication);
  return apart <= rules.gap && story.xids.includes(event.xid);
}

/** Whether a burst on another GPU is of the same fault: of the job's, or of the same code at the same time. */
export const sharesBurst = (burst: FaultBurst, { job, xid, ts }: XidEvent, rules: FaultRules): boolean =>
  (job !== '' && burst.job === job) || (burst.xid === xid && Math.abs(ts - burst.ts) <= rules.gap);

/**
 * Notes a fault of a GPU; answers on which GPUs its job has shown such faults, and which others of the node show the same code
 * within a burst: replicas of one program have a job each.
 */
function noteSpread(faults: Fault[], event: XidEvent, rules: FaultRules): string[] {
  const { gpu_uuid, xid, job, ts } = event;
  const others = faults.filter(
    (one) => ts - one.ts <= rules.window && !(one.gpu_uuid === gpu_uuid && one.xid === xid && one.job === job),
  );
  faults.splice(0, faults.length, ...others.slice(-FAULTS_MAX + 1), { gpu_uuid, xid, job, ts });
  const same = (one: Fault): boolean =>
    (job !== '' && one.job === job) || (one.xid === xid && Math.abs(ts - one.ts) <= rules.gap);
  return [...new Set(faults.filter(same).map((one) => one.gpu_uuid))];
}

function noteBurst(bursts: FaultBurst[], event: XidEvent, spread: boolean, rules: FaultRules): void {
  const { xid, job, ts } = event;
  const kept = bursts.filter((one) => ts - one.ts <= rules.window);
  const burst = kept.find((one) => one.xid === xid && one.job === job && ts - one.ts <= rules.gap);
  if (burst === undefined) kept.push({ xid, job, ts, spread });
  else {
    burst.ts = Math.max(burst.ts, ts);
    burst.spread ||= spread;
  }
  bursts.splice(0, bursts.length, ...kept.slice(-BURSTS_MAX));
}

/** Why a GPU is suspect: the same code under several programs, or again and again; null when it is not. */
function suspicion(bursts: readonly FaultBurst[], xid: number): string | null {
  const own = bursts.filter((one) => one.xid === xid && !one.spread);
  const jobs = [...new Map(own.map(({ job }) => [workloadOf(job), job])).values()].filter((job) => job !== '');
  if (jobs.length >= 2)
    return `XID ${xid} came under ${jobs.length} different jobs (${jobs.slice(0, 3).join(', ')}) on this GPU alone`;
  const unknown = own.filter(({ job }) => job === '').length;
  if (unknown < BURSTS_WITHOUT_JOB) return null;
  return `XID ${xid} came ${unknown} separate times on this GPU alone`;
}
