import { type Finding, finding } from './finding.ts';
import { spanText } from './in-words.ts';

export interface ClockFacts {
  /** Another clock less ours; null when it could not be read. */
  readonly nats_ahead_ms: number | null;
  readonly questdb_ahead_ms: number | null;
  /** Event time of the newest row of gpu_metrics, epoch ms; null when there is none. */
  readonly newest_at: number | null;
  readonly now: number;
  readonly interval_ms: number;
  readonly future_max_ms: number;
  /** An engine is heard: rows should come. */
  readonly engine: boolean;
}

const SKEW_MAX_MS = 2_000;
const SKEW_BAD_MS = 60_000;
const NEWEST_ROUNDS = 3;
const NEWEST_GRACE_MS = 15_000;
const NEWEST_BAD_MS = 300_000;

export function judgeClocks(facts: ClockFacts): Finding[] {
  return [
    ...judgeSkew('nats-server', facts.nats_ahead_ms),
    ...judgeSkew('QuestDB', facts.questdb_ahead_ms),
    ...judgeNewest(facts),
  ];
}

function judgeSkew(whose: string, ahead_ms: number | null): Finding[] {
  if (ahead_ms === null) return [];
  const off = Math.abs(ahead_ms);
  const side = ahead_ms > 0 ? 'ahead of' : 'behind';
  const what = off < SKEW_MAX_MS ? `agrees with ours within ${spanText(off)}` : `is ${spanText(off)} ${side} ours`;
  const state = off > SKEW_BAD_MS ? 'fail' : off > SKEW_MAX_MS ? 'warn' : 'ok';
  const action = 'Let NTP or chrony set both clocks: lateness and the future are judged by them.';
  return [finding('clocks', whose, { state, what, action, figures: { ahead_ms } })];
}

function judgeNewest({ newest_at, now, interval_ms, future_max_ms, engine }: ClockFacts): Finding[] {
  if (newest_at === null) return [];
  const behind_ms = now - newest_at;
  const figures = { newest_at: new Date(newest_at).toISOString(), behind_ms };
  const check = 'newest row';
  if (behind_ms < -future_max_ms) {
    const what = `its event time is ${spanText(-behind_ms)} ahead of the clock`;
    const action = 'Right for a simulated fleet with --speed; else check the clocks of the nodes.';
    return [finding('clocks', check, { state: 'warn', what, action, figures })];
  }
  const what =
    behind_ms < 0 ? `${spanText(-behind_ms)} ahead, as scrapes may be` : `${spanText(behind_ms)} behind the clock`;
  const late = behind_ms > NEWEST_ROUNDS * interval_ms + NEWEST_GRACE_MS;
  if (!late || !engine) return [finding('clocks', check, { what, figures })];
  const action = 'See collector (do targets answer?), engine lag, and whether gpu_metrics takes rows.';
  const state = behind_ms > NEWEST_BAD_MS ? 'fail' : 'warn';
  return [finding('clocks', check, { state, what, action, figures })];
}
