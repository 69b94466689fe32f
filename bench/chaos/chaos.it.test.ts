import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { countKinds } from '../../pipeline/same-rows.fixture.ts';
import { chaosInput } from './chaos-input.ts';
import { type ChaosPlan, chaosPlan, faultInWords, NO_CHAOS } from './chaos-plan.ts';
import { type ChaosRun, runChaos } from './chaos-run.ts';
import { differences } from './read-results.ts';

/** A little of what `npm run test:chaos` does: the real processes, killed, stopped, cut off and out of disk. */
const TICKS = 60;
const input = chaosInput({ ticks: TICKS, start_ms: Date.UTC(2026, 0, 5, 6) });

const plan = (kinds: ChaosPlan['kinds'], faults: ChaosPlan['faults']): ChaosPlan => ({ ...NO_CHAOS, kinds, faults });

const PLANS: readonly ChaosPlan[] = [
  plan(
    ['kill', 'cut', 'stop'],
    [
      { tick: 8, after_ms: 100, fault: { kind: 'kill', parts: ['engine', 'nats'], down_ms: 300, again_ms: 700 } },
      { tick: 24, after_ms: 0, fault: { kind: 'cut', link: 'collector-nats', for_ms: 700 } },
      { tick: 28, after_ms: 0, fault: { kind: 'kill', parts: ['collector'], down_ms: 0, again_ms: null } },
      { tick: 40, after_ms: 100, fault: { kind: 'kill', parts: ['questdb', 'api'], down_ms: 200, again_ms: null } },
      { tick: 48, after_ms: 0, fault: { kind: 'stop', part: 'engine', for_ms: 800 } },
    ],
  ),
  {
    ...plan(
      ['disk_full', 'slow', 'stall', 'skew'],
      [
        { tick: 8, after_ms: 0, fault: { kind: 'disk_full', disk: 'questdb', for_ms: 1_200 } },
        { tick: 24, after_ms: 0, fault: { kind: 'slow', link: 'engine-rows', for_ms: 2_000 } },
        { tick: 32, after_ms: 0, fault: { kind: 'disk_full', disk: 'engine', for_ms: 900 } },
        { tick: 40, after_ms: 0, fault: { kind: 'stall', link: 'engine-nats', for_ms: 900 } },
      ],
    ),
    engine_threads: 2,
    skewOf: () => ({ off_ms: 1_800_000, jump_after_ms: 4_000, then_off_ms: -1_800_000 }),
  },
  // As the command draws them; in a longer run of this seed a refused connection once ended the engine.
  chaosPlan(45, TICKS),
];

/** Without one of these a comparison of two runs would say nothing of it. */
const KINDS = [
  ...['gpu_metrics', 'gpu_assets', 'gpu_features', 'gpu_health_scores', 'fleet_quantiles', 'xid_episodes'],
  ...['gpu_failure_predictions', 'gpu_economic_decisions', 'alerts', 'alerts_told', 'dead_letters'],
  ...['anomalies gpu_lost', 'anomalies straggler', 'anomalies node_silent'],
  ...['incidents nvlink_domain', 'incidents node'],
  ...['api alerts', 'api anomalies', 'api episodes', 'api assets', 'api failure-labels'],
  ...['live fleet', 'live anomalies', 'live alerts'],
];

/** Linux's CAP_SYS_ADMIN: what it takes to mount a disk that can run full. */
const SYS_ADMIN = 1n << 21n;
const mayMount = (): boolean => {
  const held = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${held}`) & SYS_ADMIN) !== 0n;
};

const run = (chosen: ChaosPlan, wanted: ChaosRun | null): Promise<ChaosRun> =>
  runChaos({
    input,
    plan: chosen,
    wanted: wanted?.results ?? null,
    trace: () => undefined,
    slow_bytes_per_second: (wanted?.row_bytes_per_second ?? 0) / 10,
    keep: false,
  });

describe('the whole system', () => {
  let whole: ChaosRun;
  beforeAll(async () => {
    whole = await run(NO_CHAOS, null);
  });

  it('has something to lose', () => {
    expect(whole.problems).toEqual([]);
    const counts = countKinds(whole.results);
    expect(KINDS.filter((kind) => counts[kind] === undefined)).toEqual([]);
    expect(whole.results.gpu_failure_labels).toHaveLength(1);
  });

  it.each(PLANS.map((one) => [one.faults.map(({ fault }) => faultInWords(fault)).join('; '), one] as const))(
    'ends as if nothing had happened: %s',
    async (_, chosen) => {
      const { problems, results, left_out } = await run(chosen, whole);
      expect([...problems, ...differences(whole.results, results)]).toEqual([]);
      const may_happen = !chosen.kinds.includes('disk_full') || mayMount();
      expect(left_out).toBe(may_happen ? null : 'no disk ran full: this user may not mount one');
    },
  );
});
