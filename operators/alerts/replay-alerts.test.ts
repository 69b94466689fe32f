import { describe, expect, it } from 'vitest';
import { days, hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { anomaly, asset, at, brief, episode, incident, prediction, runBoards, score } from './alerts.fixture.ts';
import { DEFAULT_RULES } from './default-rules.ts';
import { replayAlerts } from './replay-alerts.ts';
import { newsOf, type StoredFindings } from './stored-news.ts';

const NONE: StoredFindings = { anomalies: [], episodes: [], incidents: [], scores: [], predictions: [] };
const QUIET = minutes(3);

const replay = (found: Partial<StoredFindings>, until: number, rules = DEFAULT_RULES) =>
  replayAlerts({ ...NONE, ...found }, [asset('GPU-a', 'n1'), asset('GPU-c', 'n2', { rack: 'r2' })], {
    board: { rules, await_reset: days(1), forget_after: days(3_650) },
    fleet: { rules, forget_after: days(3_650), delay: seconds(15) },
    episode_quiet: QUIET,
    until: at(until),
    turn: async () => undefined,
  });

describe('replayed alerts', () => {
  it.each([
    ['a condition that lasts', { anomalies: [anomaly('nvlink_errors', 10, { closed: 90 })] }, 300],
    ['one that is over too soon', { anomalies: [anomaly('nvlink_errors', 10, { closed: 15 })] }, 300],
    ['a fault at once', { episodes: [episode(20, { ended: 21 })] }, 240],
    ['a fault that waits for its reset', { episodes: [episode(20, { ended: 21, action: 'reset_gpu' })] }, 2_000],
  ])('are those of the stream: %s', async (_, found: Partial<StoredFindings>, until) => {
    const stream = newsOf({ ...NONE, ...found }, QUIET).map(
      ({ at: when, input, item }) => [(when - at(0)) / 60_000, { [input]: item }] as never,
    );
    const told = runBoards([[0, { assets: asset('GPU-a', 'n1') }], ...stream], { until }).alerts;
    const last = [...new Map(told.map((alert) => [alert.id, alert])).values()];
    expect(await replay(found, until)).toEqual(last);
  });

  it('tell of the fleet too, with places, and an incident tells for what it explains', async () => {
    const silent = (node: string, opened: number) =>
      anomaly('node_silent', opened, { gpu_uuid: '', node, detector: 'silent_nodes' });
    expect(brief(await replay({ anomalies: [silent('n2', 10)] }, 60))).toEqual(['node_silent warning open 13']);
    const alerts = await replay({ anomalies: [silent('n1', 10), silent('n2', 10)], incidents: [incident(10.1)] }, 60);
    expect(brief(alerts)).toEqual(['incident critical open 10.43']);
    const [fault] = await replay({ episodes: [episode(5)] }, 10);
    expect(fault).toMatchObject({ rule: 'gpu_fault', rack: 'r1', owner: 'ml', model: 'H100' });
  });

  it('keep consequences silent beside what told already', async () => {
    const low = Array.from({ length: 40 }, (_, i) => score(10 * i, 45));
    expect(brief(await replay({ scores: low }, 400))).toEqual(['health_poor warning open 120']);
    expect(brief(await replay({ scores: low, episodes: [episode(5)] }, 400))).toEqual(['gpu_fault critical open 5']);
    const risky = Array.from({ length: 60 }, (_, i) => prediction(10 * i, 0.4));
    expect(brief(await replay({ predictions: risky }, 590))).toEqual(['failure_foreseen warning open 360']);
  });

  it('follow a changed rule, lets others have their turn, and are empty of nothing', async () => {
    const found = { anomalies: [anomaly('nvlink_errors', 10, { closed: 15 })] };
    const strict = DEFAULT_RULES.map((rule) => (rule.name === 'nvlink' ? { ...rule, for: minutes(1) } : rule));
    expect(brief(await replay(found, 300, strict))).toEqual(['nvlink warning closed 15']);
    let turns = 0;
    const many = Array.from({ length: 1_200 }, (_, i) => score(i, 90));
    await replayAlerts({ ...NONE, scores: many }, [], {
      board: { rules: strict, await_reset: days(1), forget_after: days(1) },
      fleet: { rules: strict, forget_after: days(1), delay: seconds(15) },
      episode_quiet: hours(0),
      until: at(1_200),
      turn: async () => void turns++,
    });
    expect(turns).toBe(3);
    expect(await replay({}, 10)).toEqual([]);
  });
});
