import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TopologyReport } from '../engine.ts';
import { type Finding, finding } from './finding.ts';
import { spanText } from './in-words.ts';

export type EngineReport = Pick<
  TopologyReport,
  'worker' | 'lag_messages' | 'gpus' | 'started_at' | 'steps' | 'groups' | 'replaying' | 'has_fleet'
>;

export interface EngineFacts {
  /** First and last report heard of each worker. */
  readonly heard: readonly { readonly first: EngineReport; readonly last: EngineReport }[];
  readonly listened_ms: number;
  /** Something stores scrapes that an engine should read. */
  readonly expected: boolean;
  /** The engine is that of this data folder, so its snapshots are there. */
  readonly ours: boolean;
  /** When the newest snapshot in the data folder was written, epoch ms; null when there is none. */
  readonly snapshot_at: number | null;
  readonly snapshot_interval_ms: number;
  readonly now: number;
}

const LAG_MAX = 512;
const LAG_BAD = 100_000;
const SNAPSHOT_ROUNDS_LATE = 3;
const SNAPSHOT_GRACE_MS = 10_000;

export function judgeEngine(facts: EngineFacts): Finding[] {
  if (facts.heard.length === 0) {
    return [
      finding('engine', 'alive', {
        state: facts.expected ? 'fail' : 'warn',
        what: `no engine was heard in ${spanText(facts.listened_ms)}`,
        action: facts.expected
          ? 'Start one with `gpu-vitals engine` or `up`; scrapes wait in the stream for stream-age-max.'
          : 'Start one with `gpu-vitals up` or `engine`, if it is meant to run.',
      }),
    ];
  }
  return [...facts.heard.flatMap(({ first, last }) => judgeWorker(first, last, facts.now)), ...judgeSnapshot(facts)];
}

function judgeWorker(first: EngineReport, last: EngineReport, now: number): Finding[] {
  const { worker, gpus, lag_messages, started_at } = last;
  const uptime_ms = Math.max(0, now - started_at);
  const alive = finding('engine', 'alive', {
    what: `${worker} runs for ${spanText(uptime_ms)}, ${gpus} GPUs and instances${shareText(last)}`,
    figures: { worker, uptime_ms, gpus },
  });
  const figures = { worker, lag_messages };
  if (lag_messages <= LAG_MAX) {
    return [alive, finding('engine', 'lag', { what: `${worker} keeps up, ${lag_messages} messages to go`, figures })];
  }
  const falling = lag_messages < first.lag_messages;
  const what = `${worker} is ${lag_messages} messages behind and ${falling ? 'catches up' : 'does not catch up'}`;
  const action = falling
    ? 'Wait for it.'
    : 'See whether QuestDB takes rows (it holds the engine back), and whether the machine has CPU left.';
  const state = !falling && lag_messages > LAG_BAD ? 'fail' : 'warn';
  return [alive, finding('engine', 'lag', { state, what, action, figures })];
}

/** Of a worker of a cluster, what it has of the whole. */
const shareText = ({ groups, replaying = 0, has_fleet }: EngineReport): string => {
  if (groups === undefined) return '';
  const again = replaying > 0 ? ` (${replaying} read again)` : '';
  return `, groups ${groups.join(' ') || 'none'}${again}${has_fleet === true ? ' and the fleet' : ''}`;
};

function judgeSnapshot({ snapshot_at, snapshot_interval_ms, now, heard, ours }: EngineFacts): Finding[] {
  const started_at = Math.min(...heard.map(({ last }) => last.started_at));
  // An engine on another machine keeps its snapshots there.
  if (!ours && !(snapshot_at !== null && snapshot_at > started_at)) return [];
  const since = Math.max(0, now - Math.max(snapshot_at ?? 0, started_at));
  const late = since > SNAPSHOT_ROUNDS_LATE * snapshot_interval_ms + SNAPSHOT_GRACE_MS;
  const age_ms = snapshot_at === null ? null : Math.max(0, now - snapshot_at);
  const what = age_ms === null ? 'none in this data folder yet' : `the newest is ${spanText(age_ms)} old`;
  return [
    finding('engine', 'snapshot', {
      state: late ? 'warn' : 'ok',
      what,
      code: 'GV-SNP-001',
      action: 'A start would read more of the stream again. See whether QuestDB takes rows, and the disk.',
      figures: { age_ms },
    }),
  ];
}

export const lookAtSnapshot = async (data: string): Promise<number | null> =>
  (await stat(join(data, 'snapshots', 'manifest.snap')).catch(() => null))?.mtimeMs ?? null;
