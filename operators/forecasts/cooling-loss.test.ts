import { describe, expect, it } from 'vitest';
import type { Anomaly, FeatureVector } from '../../pipeline/contract/events.ts';
import { FEATURE_COUNT, findFeature } from '../../pipeline/contract/features.ts';
import { METRIC_COUNT } from '../../pipeline/contract/metrics.ts';
import { GroupState } from '../core/group-state.ts';
import { random, START_MS } from '../core/laws.fixture.ts';
import { COOLING_STATE, followCooling } from './cooling-loss.ts';

const HOUR_MS = 3_600_000;

interface Story {
  readonly days?: number;
  readonly boards?: number;
  /** C per W against a sound board, by board and day. */
  readonly worse?: (board: number, day: number) => number;
  readonly watts?: (board: number, hour: number) => number;
  readonly inlet?: (day: number) => number;
  readonly node?: (board: number, day: number) => string;
  readonly instance?: string;
  readonly restoreEvery?: number;
}

/** Hourly means of the boards of a node that share their air, each with a cooling of its own. */
function tellOf(story: Story): Anomaly[] {
  const { days = 30, boards = 4, instance = '', restoreEvery = 0 } = story;
  const next = random(9);
  const told: Anomaly[] = [];
  const sound = Array.from({ length: boards }, () => 0.06 * (1 + 0.16 * (next() - 0.5)));
  let state = new GroupState(0);
  for (let hour = 0; hour < days * 24; hour++) {
    const day = hour / 24;
    const shared = 300 + 350 * random(Math.floor(hour / 5) + 1)();
    for (let board = 0; board < boards; board++) {
      const watts = story.watts?.(board, hour) ?? shared * (1 + 0.04 * (next() - 0.5));
      const inlet = (story.inlet?.(day) ?? 24) + 2 * Math.sin(2 * Math.PI * day);
      const values = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
      const resistance = (sound[board] as number) * (story.worse?.(board, day) ?? 1);
      values[findFeature('gpu_temp_celsius_mean_1h')] = inlet + resistance * watts + 2 * (next() - 0.5);
      values[findFeature('power_watts_mean_1h')] = watts;
      const uuid = `GPU-${board}`;
      const node = story.node?.(board, day) ?? 'n';
      const identity = { uuid, instance, model: 'H100', pci_bus_id: '', serial: '', slot: '' };
      const gpu = state.registry.gpu(identity, state.registry.node(node));
      const ts = START_MS + hour * HOUR_MS + 37_000;
      const latest = new Float64Array(METRIC_COUNT).fill(Number.NaN);
      const vector: FeatureVector = {
        ts,
        gpu_uuid: uuid,
        node,
        instance,
        model: 'H100',
        job: '',
        values,
        latest,
        latest_ts: ts,
        arrived_at: ts,
        final: false,
      };
      followCooling(state.registry, vector, gpu, state.columns('c', COOLING_STATE), (anomaly) => told.push(anomaly));
    }
    if (restoreEvery > 0 && hour % restoreEvery === 0) {
      state = GroupState.restore(structuredClone(state.save()), new Map([['c', COOLING_STATE]]));
    }
  }
  return told;
}
const brief = (told: readonly Anomaly[]): string[] => told.map((a) => `${a.severity} ${a.state} ${a.gpu_uuid}`);
const dayOf = (ts: number): number => (ts - START_MS) / (24 * HOUR_MS);
const ageing =
  (who: number, by: number, from = 5, over = 20) =>
  (board: number, day: number): number =>
    board === who ? 1 + by * Math.max(0, Math.min(1, (day - from) / over)) : 1;

describe('cooling_loss', () => {
  it.each([4, 8])('warns of a board of %i whose cooling gets 35 %% worse in 20 days, before it is there', (boards) => {
    const told = tellOf({ boards, worse: ageing(2, 0.35) });
    expect(brief(told)).toEqual(['warning open GPU-2']);
    expect(dayOf(told[0]?.ts ?? 0)).toBeLessThan(25);
    expect(told[0]?.explanation).toMatch(
      /^The GPU has grown \d\.\d C hotter than it used to be against \d neighbours that draw the same power: /,
    );
  });

  it('warns within three days where 30 % are lost at once, and ends when they are back', () => {
    const told = tellOf({ worse: (board, day) => (board === 1 && day >= 6 && day < 20 ? 1.3 : 1) });
    expect(brief(told)).toEqual(['warning open GPU-1', 'warning closed GPU-1']);
    expect(dayOf(told[0]?.ts ?? 0)).toBeLessThan(9);
  });

  it.each<[string, Story]>([
    ['sound boards', {}],
    ['a tenth', { worse: ageing(2, 0.1) }],
    ['a hall that warms by 10 C', { inlet: (day) => 20 + Math.min(10, day) }],
    ['all of them at once', { worse: (_, day) => 1 + 0.02 * day }],
    [
      'boards with work of their own',
      { watts: (board, hour) => 250 + 400 * random(board * 977 + Math.floor(hour / 7))(), boards: 8 },
    ],
    ['a neighbour that is repaired', { worse: (board, day) => (board === 3 && day < 8 ? 1.5 : 1) }],
    [
      'neighbours that come and go',
      { boards: 8, watts: (board, hour) => (random(board * 31 + Math.floor(hour / 9))() < 0.4 ? 70 : 600) },
    ],
    ['a board that always was hotter', { worse: (board) => (board === 1 ? 1.5 : 1) }],
    [
      'a board that moves to a warmer node',
      { boards: 8, node: (board, day) => (board < 4 || (board === 4 && day > 8) ? 'a' : 'b') },
    ],
    ['two boards', { boards: 2, worse: ageing(1, 0.6) }],
    ['instances', { instance: '1', worse: ageing(1, 0.6) }],
  ])('stays silent: %s', (_, story) => {
    expect(brief(tellOf(story))).toEqual([]);
  });

  it('goes on after a snapshot', () => {
    const story = { worse: ageing(2, 0.5, 4, 6), days: 14 };
    expect(tellOf({ ...story, restoreEvery: 7 })).toEqual(tellOf(story));
  });
});
