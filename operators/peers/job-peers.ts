import type { Anomaly } from '../../pipeline/contract/events.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import type { Emit, FleetOperator } from '../../pipeline/contract/operator.ts';
import { type DurationMs, seconds } from '../../pipeline/contract/time.ts';
import { slowestOfFew } from './few-peers.ts';
import { COMPARISONS, type Comparison, type JobLimits } from './job-comparisons.ts';
import {
  drawsLess,
  dropAway,
  forget,
  type Gang,
  type Member,
  type NodeShare,
  noteSummary,
  readingOf,
  SUMMARY,
} from './job-members.ts';
import type { JobSummary } from './job-summaries.ts';
import { type RobustCentre, robustCentre } from './robust-centre.ts';
import { HELD } from './smooth-readings.ts';
import { endWork, followWork } from './stalled-work.ts';
import { closedStraggler, type Finding, straggler } from './straggler-anomaly.ts';
import { castVote, isCarried } from './votes.ts';

export interface JobPeersOptions extends JobLimits {
  /** And so many MADs below, unless it draws less than the others. */
  readonly mads: number;
  /** Others to compare with; a job with fewer is judged by its clocks only, and by how closely the others agree. */
  readonly peers_min: number;
  /** How far summaries of different groups may lie apart in the stream. */
  readonly delay: DurationMs;
  /** Half-life of the summaries' averages, to be told. */
  readonly half_life: DurationMs;
}

/** Gangs take turns, one second after another, so that no instant carries all; each has one every so many. */
const PHASES = 10;
const EVERY = seconds(1);
/** Weight of an evaluation in a gang's usual spread: small gangs are close together now and then by chance. */
const SPREAD_WEIGHT = 0.2;
/** Share of a gang, one GPU at least, that may stand apart; more than that is how the work is divided. */
const ODD_SHARE = 0.1;
/** So many GPUs of a node may be odd by themselves. */
const NODE_MIN = 3;
/** What is open stays so until the distance is below this share of what opens. */
const STAYS_SHARE = 0.6;

const CLOCK = COMPARISONS.findIndex(({ at }) => at === SUMMARY.clock);

const STATE = { gangs: { scope: 'group', type: 'record', width: 1, initial: 0 } } as const;
type Gangs = Record<string, Gang>;

/**
 * Names jobs that only wait (stalled-work.ts), and the GPU that holds up its job: type `straggler`, a warning, against the
 * median of the job's GPUs of the same model, over all nodes; 3 of 5 evaluations open, five calm ones or leaving the job close.
 * A clock must lie below by its limit and by some MADs; by its limit alone where the GPU draws less than the others although it is
 * as busy. Jobs of three or four GPUs are judged by their clocks only (few-peers.ts).
 *
 * Input    summaries of `nodePeers`: what the busy GPUs of a node do for a job.
 * Output   anomalies.
 * Time     event time; a summary is judged once, within 10 s of event time after it came. With scrapes of 30 s and less a GPU that
 *          falls 8 % behind is told within two minutes, `delay` included: three scrapes, the last within 90 s.
 * Limits   a cadence of 2 min needs 6 min for 3 evaluations; whole gangs that are slow are not seen here.
 * State    one record, about 100 B per GPU with a job.
 * Cost     O(n log n) per gang of n GPUs and evaluation.
 * Errors   none.
 * Source   median and MAD with a continuity window, after Minder (arXiv 2411.01791).
 */
export const jobPeers = (
  options: JobPeersOptions,
): FleetOperator<{ summaries: JobSummary }, typeof STATE, { anomalies: Anomaly }> => ({
  name: 'job_peers',
  summary: 'stragglers: GPUs of one job against each other',
  state: STATE,
  ports: ['anomalies'],
  delay: options.delay,
  on: {
    summaries: {
      pick: (summary) => summary,
      take(summary: JobSummary, state) {
        const gangs = (state.gangs[0] ?? {}) as Gangs;
        state.gangs[0] = gangs;
        const { job, model } = summary;
        const key = `${job}\u001f${model}`;
        let gang = gangs[key];
        if (gang === undefined) {
          gang = { job, model, phase: fnv1a(key) % PHASES, spreads: COMPARISONS.map(() => null), nodes: {}, away: {} };
          gangs[key] = gang;
        }
        noteSummary(gang, summary);
      },
    },
  },
  timer: {
    every: EVERY,
    onTime(now, state, emit) {
      const gangs = (state.gangs[0] ?? {}) as Gangs;
      const phase = Math.floor(now / EVERY) % PHASES;
      for (const key in gangs) {
        const gang = gangs[key] as Gang;
        if (gang.phase !== phase) continue;
        evaluate(gang, gangs, now, options, emit);
        if (!isEmpty(gang.nodes) || !isEmpty(gang.away)) continue;
        endWork(gang.work, gang.job, now, (anomaly) => emit('anomalies', anomaly));
        delete gangs[key];
      }
    },
  },
});

function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  for (const _ in record) return false;
  return true;
}

type Tell = Emit<{ readonly anomalies: Anomaly }>;

/** Ends what another job's peers had against a GPU: it works for this one now. Cost: O(GPUs in jobs), when one is named. */
function closeElsewhere(gangs: Gangs, gang: Gang, uuid: string, now: number, emit: Tell): void {
  for (const other of Object.values(gangs)) {
    if (other === gang) continue;
    for (const open of forget(other, uuid))
      emit('anomalies', closedStraggler(open, now, `no longer works on ${other.job}`));
  }
}

function evaluate(gang: Gang, gangs: Gangs, now: number, options: JobPeersOptions, emit: Tell): void {
  for (const open of dropAway(gang, now))
    emit('anomalies', closedStraggler(open, now, `no longer works on ${gang.job}`));
  const members: Member[] = [];
  let news = false;
  for (const key in gang.nodes) {
    const share = gang.nodes[key] as NodeShare;
    news ||= share.ts > share.judged_ts;
    for (let i = 0; i < share.gpus.length; i++) members.push({ share, i });
  }
  if (!news) return;
  gang.work = followWork(gang.work, gang.job, members, now, (anomaly) => emit('anomalies', anomaly));
  const findings = COMPARISONS.map((_, c) => oddOnes(gang, members, c, options));
  const calm = findings.every((found) => found === null);
  for (const member of members) {
    const { share, i } = member;
    const before = share.votes[i] ?? null;
    if (share.ts <= share.judged_ts || (calm && before === null)) continue;
    const votes = COMPARISONS.map((_, c) => castVote(before?.[c] ?? 0, findings[c]?.has(member) ?? false));
    const all_calm = votes.every((bits) => bits === 0);
    share.votes[i] = all_calm ? null : votes;
    const open = share.open[i] ?? null;
    const named = votes.findIndex((bits, c) => isCarried(bits) && findings[c]?.has(member));
    const finding = findings[named]?.get(member);
    if (open !== null && all_calm) {
      share.open[i] = null;
      emit('anomalies', closedStraggler(open, now, `has kept up with the others of ${gang.job} for five evaluations`));
    } else if (open === null && finding !== undefined) {
      closeElsewhere(gangs, gang, share.gpus[i] as string, now, emit);
      const anomaly = straggler(
        gang,
        share.gpus[i] as string,
        share.node,
        now,
        finding,
        votes[named] as number,
        options.half_life,
      );
      share.open[i] = anomaly;
      emit('anomalies', anomaly);
    }
  }
  for (const key in gang.nodes) {
    const share = gang.nodes[key] as NodeShare;
    share.judged_ts = share.ts;
  }
}

/** Who stands apart below in one comparison, unless they are too many to be odd; null for nobody. */
function oddOnes(
  gang: Gang,
  members: readonly Member[],
  c: number,
  options: JobPeersOptions,
): ReadonlyMap<Member, Finding> | null {
  const comparison = COMPARISONS[c] as Comparison;
  const { at } = comparison;
  let known = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const member of members) {
    const value = readingOf(member, at);
    if (value < 0) continue;
    known++;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (known <= options.peers_min) return c === CLOCK ? oddOfFew(members, comparison, options) : null;
  // Where all lie closer together than the limit nobody can lie so far from the median.
  if (most < comparison.median_min) return null;
  if (least > most * (1 - STAYS_SHARE * comparison.limit(options, false))) return null;
  const { median, mad } = centreOf(members, at);
  const usual = gang.spreads[c] ?? mad;
  gang.spreads[c] = usual + SPREAD_WEIGHT * (mad - usual);
  if (median < comparison.median_min) return null;
  const activity = centreOf(members, SUMMARY.activity).median;
  const apart_mads = options.mads * Math.max(mad, usual);
  const power = c === CLOCK ? centreOf(members, SUMMARY.power).median : 0;
  const found = new Map<Member, Finding>();
  for (const member of members) {
    const observed = readingOf(member, at);
    const limit = comparison.limit(options, readingOf(member, SUMMARY.held) === HELD.power_limit) * median;
    const share = member.share.open[member.i] ? STAYS_SHARE : 1;
    const spread = c === CLOCK && drawsLess(member, power, activity) ? 0 : apart_mads;
    if (observed < 0 || median - observed < share * Math.max(limit, spread)) continue;
    if (comparison.applies(member, activity)) {
      found.set(member, { comparison, observed, median, mad, peers: known - 1, limit, is_set: isSet(c, member) });
    }
  }
  dropWholeNodes(found);
  const odd_max = Math.max(1, Math.floor(ODD_SHARE * known));
  return found.size === 0 || found.size > odd_max ? null : found;
}

/** The one that a job of few GPUs waits for. */
function oddOfFew(
  members: readonly Member[],
  comparison: Comparison,
  options: JobPeersOptions,
): ReadonlyMap<Member, Finding> | null {
  const slow = slowestOfFew(members, options, STAYS_SHARE);
  if (slow === null) return null;
  const { member, observed, median, mad, limit } = slow;
  const peers = members.filter((other) => readingOf(other, comparison.at) >= 0).length - 1;
  return new Map([[member, { comparison, observed, median, mad, peers, limit, is_set: isSet(CLOCK, member) }]]);
}

const isSet = (c: number, member: Member): boolean =>
  c === CLOCK && readingOf(member, SUMMARY.held) === HELD.application_clocks;

/** Where most of a node's GPUs stand apart together, the node is set so: no GPU of it is the odd one. */
function dropWholeNodes(found: Map<Member, Finding>): void {
  if (found.size < NODE_MIN) return;
  const counts = new Map<NodeShare, number>();
  for (const { share } of found.keys()) counts.set(share, (counts.get(share) ?? 0) + 1);
  for (const member of [...found.keys()]) {
    const count = counts.get(member.share) as number;
    if (count >= NODE_MIN && count > member.share.gpus.length / 2) found.delete(member);
  }
}

/** Of those who know the reading. */
function centreOf(members: readonly Member[], at: number): RobustCentre {
  const values = new Float64Array(members.length);
  let known = 0;
  for (const member of members) {
    const value = readingOf(member, at);
    if (value >= 0) values[known++] = value;
  }
  return robustCentre(values, known);
}
