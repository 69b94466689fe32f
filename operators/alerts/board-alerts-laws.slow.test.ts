import { describe, expect, it } from 'vitest';
import { random } from '../core/laws.fixture.ts';
import { anomaly, at, episode, runBoards, score } from './alerts.fixture.ts';

type Events = Parameters<typeof runBoards>[0];

describe('boardAlerts laws', () => {
  it('opens, raises and closes each alert once, whatever happens, cut and restored anywhere', () => {
    const types = ['thermal_margin', 'ecc_sbe_rate', 'nvlink_errors', 'gpu_lost', 'sensor_lying'];
    for (const seed of [1, 2, 3]) {
      const next = random(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
      const open = new Map<string, ReturnType<typeof anomaly>>();
      const events: (readonly [number, Record<string, unknown>])[] = [];
      for (let t = 5; t < 600; t += Math.ceil(next() * 9)) {
        const place = pick([
          { gpu_uuid: 'GPU-a', node: 'n1' },
          { gpu_uuid: 'GPU-b', node: 'n1' },
          { gpu_uuid: 'GPU-c', node: 'n2' },
        ]);
        const dice = next();
        const type = pick(types);
        const key = `${type} ${place.gpu_uuid}`;
        const known = open.get(key);
        if (dice < 0.3 && known === undefined) {
          open.set(key, anomaly(type, t, place));
          events.push([t, { anomalies: open.get(key) }]);
        } else if (dice < 0.4 && known !== undefined) {
          open.set(key, { ...known, severity: 'critical' });
          events.push([t, { anomalies: open.get(key) }]);
          events.push([t, { episodes: episode(Math.floor(t), { ...place, xids: [], anomalies: [type] }) }]);
        } else if (dice < 0.6 && known !== undefined) {
          open.delete(key);
          events.push([t, { anomalies: { ...known, state: 'closed', closed_at: at(t) } }]);
        } else if (dice < 0.8) {
          const begun = episode(Math.floor(t / 60) * 60, { ...place, action: pick(['none', 'reset_gpu'] as const) });
          events.push([t, { episodes: next() < 0.5 ? begun : { ...begun, ended_at: at(t) } }]);
        } else events.push([t, { scores: score(t, 100 * next(), place) }]);
      }
      const typed = events as unknown as Events;
      const { alerts } = runBoards(typed, { until: 800 });
      expect(alerts.length).toBeGreaterThan(5);
      for (const id of new Set(alerts.map((one) => one.id))) {
        const steps = alerts.filter((one) => one.id === id).map(({ state, severity }) => `${state} ${severity}`);
        expect(steps.filter((step) => step.startsWith('closed')).length).toBeLessThanOrEqual(1);
        expect(steps.findIndex((step) => step.startsWith('closed'))).toBeOneOf([-1, steps.length - 1]);
        expect(new Set(steps).size).toBe(steps.length);
      }
      expect(runBoards(typed, { until: 800, restore: true }).alerts).toEqual(alerts);
      expect(runBoards(typed, { until: 800, together: true }).alerts).toEqual(alerts);
    }
  });
});
