import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId, fnv1a } from '../../pipeline/contract/ids.ts';
import type { MetricName } from '../../pipeline/contract/metrics.ts';
import type { Emit, FleetOperator } from '../../pipeline/contract/operator.ts';
import { type DurationMs, formatDuration, seconds } from '../../pipeline/contract/time.ts';
import { type Gang, hasLeft, type Member, noteSummary, SUMMARY } from './job-members.ts';
import type { JobSummary } from './node-peers.ts';
import { readingWords } from './reading-words.ts';
import { robustCentre } from './robust-centre.ts';
import { castVote, countVotes, isCarried } from './votes.ts';

export interface JobPeersOptions {
  /** How far below the median of its job a clock must be; the second where the board's power limit holds it. */
  readonly clock_ratio: number;
  readonly capped_clock_ratio: number;
  /** How far below the others' power, where no clock is known, and below their activity. */
  readonly power_ratio: number;
  readonly activity_ratio: number;
  /** And so many MADs. */
  readonly mads: number;
  readonly peers_min: number;
  /** How far summaries of different groups may lie apart in the stream. */
  readonly delay: DurationMs;
  /** Half-life of the summaries' averages, to be told. */
  readonly half_life: DurationMs;
}

interface Comparison {
  readonly at: number;
  readonly metric: MetricName;
  /** Least median that means anything. */
  readonly median_min: number;
  /** Share of a gang, one GPU at least, that may stand apart; more than that is how the work is divided. */
  readonly odd_share: number;
  limit(options: JobPeersOptions, capped: boolean): number;
  /** Whether the GPU is comparable at all. */
  applies(readings: readonly number[], activity: number): boolean;
}

const SLACK_RATIO = 0.05;
const always = (): boolean => true;
const byActivity = (options: JobPeersOptions): number => options.activity_ratio;

/**
 * In the order of precedence. In synchronous training everyone waits for the slowest, and shares of cycles rise on a GPU
 * whose cycles are few: its clock tells first. Without a clock, low power at full activity does. Low activity means a GPU
 * that waits for something of its own (its host, its bus) while the others wait for it.
 */
const COMPARISONS: readonly Comparison[] = [
  {
    at: SUMMARY.clock,
    metric: 'sm_clock_mhz',
    median_min: 1,
    odd_share: 0.25,
    limit: (options, capped) => (capped ? options.capped_clock_ratio : options.clock_ratio),
    applies: always,
  },
  {
    at: SUMMARY.power,
    metric: 'power_watts',
    median_min: 1,
    odd_share: 0.1,
    limit: (options) => options.power_ratio,
    applies: (readings, activity) =>
      (readings[SUMMARY.clock] as number) < 0 && (readings[SUMMARY.activity] as number) >= activity - SLACK_RATIO,
  },
  {
    at: SUMMARY.tensor,
    metric: 'tensor_active_ratio',
    median_min: 0.1,
    odd_share: 0.1,
    limit: byActivity,
    applies: always,
  },
  { at: SUMMARY.sm, metric: 'sm_active_ratio', median_min: 0.3, odd_share: 0.1, limit: byActivity, applies: always },
  {
    at: SUMMARY.activity,
    metric: 'gr_engine_active_ratio',
    median_min: 0.3,
    odd_share: 0.1,
    limit: byActivity,
    applies: always,
  },
];

/** Gangs take turns, one second after another, so that no instant carries all; each has one every so many. */
const PHASES = 10;
const EVERY = seconds(1);
/** Weight of an evaluation in a gang's usual spread: small gangs are close together now and then by chance. */
const SPREAD_WEIGHT = 0.2;

const STATE = { gangs: { scope: 'group', type: 'record', width: 1, initial: 0 } } as const;
type Gangs = Record<string, Gang>;

/**
 * Names the GPU that holds up its job: type `straggler`, a warning, against the median of the job's GPUs of the same model,
 * over all nodes; 3 of 5 evaluations open, five calm ones or leaving the job close.
 *
 * Input    summaries of `nodePeers`: busy GPUs that have had their load for a while.
 * Output   anomalies.
 * Time     event time; a summary is judged once, within 10 s of event time after it came.
 * Limits   a cadence of 2 min needs 6 min for 3 evaluations; whole gangs that are slow are not seen here.
 * State    one record, about 150 B per GPU with a job.
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
          gang = { job, model, phase: fnv1a(key) % PHASES, spreads: COMPARISONS.map(() => null), members: {} };
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
      for (const [key, gang] of Object.entries(gangs)) {
        if (gang.phase !== phase) continue;
        evaluate(gang, now, options, emit);
        if (Object.keys(gang.members).length === 0) delete gangs[key];
      }
    },
  },
});

type Tell = Emit<{ readonly anomalies: Anomaly }>;

interface Finding {
  readonly comparison: Comparison;
  readonly observed: number;
  readonly median: number;
  readonly mad: number;
  readonly peers: number;
  readonly limit: number;
}

function evaluate(gang: Gang, now: number, options: JobPeersOptions, emit: Tell): void {
  const present: [string, Member][] = [];
  let news = false;
  for (const entry of Object.entries(gang.members)) {
    const [key, member] = entry;
    if (hasLeft(member, now)) {
      if (member.open) close(member.open, now, `no longer works on ${gang.job}`, emit);
      delete gang.members[key];
    } else {
      present.push(entry);
      news ||= member.ts > member.judged_ts;
    }
  }
  if (!news) return;
  const enough = present.length > options.peers_min;
  const findings = enough ? COMPARISONS.map((_, c) => oddOnes(gang, present, c, options)) : [];
  for (const [key, member] of present) {
    if (member.ts <= member.judged_ts) continue;
    const cast = COMPARISONS.map((_, c) => castVote(member.votes?.[c] ?? 0, findings[c]?.has(key) ?? false));
    const votes = cast.some((v) => v !== 0) ? cast : null;
    const gpu_uuid = key.slice(1);
    let { open } = member;
    const named = COMPARISONS.findIndex((_, c) => isCarried(cast[c] as number) && findings[c]?.has(key));
    const finding = findings[named]?.get(key);
    if (open !== null && votes === null) {
      close(open, now, `has kept up with the others of ${gang.job} for five evaluations`, emit);
      open = null;
    } else if (open === null && finding !== undefined) {
      open = straggler(gang, gpu_uuid, member.node, now, finding, cast[named] as number, options);
      emit('anomalies', open);
    }
    gang.members[key] = { ...member, judged_ts: member.ts, votes, open };
  }
}

/** Who stands apart below in one comparison, unless they are too many to be odd. */
function oddOnes(
  gang: Gang,
  present: readonly (readonly [string, Member])[],
  c: number,
  options: JobPeersOptions,
): ReadonlyMap<string, Finding> {
  const comparison = COMPARISONS[c] as Comparison;
  const found = new Map<string, Finding>();
  const known = present.filter(([, { readings }]) => (readings[comparison.at] as number) >= 0);
  const peers = known.length - 1;
  if (peers < options.peers_min) return found;
  const { median, mad } = centreOf(known, comparison.at);
  const usual = gang.spreads[c] ?? mad;
  gang.spreads = gang.spreads.map((spread, i) => (i === c ? usual + SPREAD_WEIGHT * (mad - usual) : spread));
  if (median < comparison.median_min) return found;
  const activity = centreOf(present, SUMMARY.activity).median;
  const apart_mads = options.mads * Math.max(mad, usual);
  for (const [key, { readings }] of known) {
    const observed = readings[comparison.at] as number;
    const limit = comparison.limit(options, readings[SUMMARY.capped] === 1) * median;
    if (median - observed < Math.max(limit, apart_mads) || !comparison.applies(readings, activity)) continue;
    found.set(key, { comparison, observed, median, mad, peers, limit });
  }
  if (found.size > Math.max(1, Math.floor(comparison.odd_share * known.length))) found.clear();
  return found;
}

const centreOf = (members: readonly (readonly [string, Member])[], at: number): ReturnType<typeof robustCentre> =>
  robustCentre(
    Float64Array.from(members, ([, { readings }]) => readings[at] as number),
    members.length,
  );

function straggler(
  gang: Gang,
  gpu_uuid: string,
  node: string,
  now: number,
  finding: Finding,
  votes: number,
  options: JobPeersOptions,
): Anomaly {
  const { observed, median, mad, peers, limit } = finding;
  const { metric } = finding.comparison;
  const words = (value: number): string => readingWords(value, metric);
  const below = ((100 * (median - observed)) / median).toFixed(0);
  return {
    ts: now,
    gpu_uuid,
    node,
    instance: '',
    id: causeId('job_peers', gpu_uuid, '', 'straggler', metric, now),
    type: 'straggler',
    metric,
    severity: 'warning',
    score: (median - observed) / limit,
    observed,
    expected: median,
    window: formatDuration(options.half_life),
    detector: 'job_peers',
    explanation:
      `${metric} is ${words(observed)}, ${below} % below the median ${words(median)} of ${peers} peers of job ${gang.job} ` +
      `(MAD ${words(mad)}), in ${countVotes(votes)} of the last 5 evaluations: it holds up the job.`,
    state: 'open',
    opened_at: now,
    closed_at: null,
  };
}

function close(open: Anomaly, now: number, how: string, emit: Tell): void {
  emit('anomalies', { ...open, state: 'closed', closed_at: now, explanation: `${open.gpu_uuid} ${how}.` });
}
