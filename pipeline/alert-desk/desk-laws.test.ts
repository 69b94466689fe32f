import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Alert } from '../contract/alerts.ts';
import { alertOf, closedOf, deskWorld, HOUR, MINUTE, NOON, routeOf } from './desk.fixture.ts';

type Step =
  | { readonly kind: 'open' | 'rise' | 'close' | 'acknowledge' | 'unacknowledge'; readonly id: number }
  | { readonly kind: 'silence'; readonly id: number; readonly minutes: number }
  | { readonly kind: 'pass'; readonly seconds: number };

const IDS = 5;
const id = fc.integer({ min: 0, max: IDS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('open', 'rise', 'close', 'acknowledge', 'unacknowledge'), id }),
  fc.record({ kind: fc.constant('silence'), id, minutes: fc.integer({ min: 1, max: 90 }) }),
  fc.record({ kind: fc.constant('pass'), seconds: fc.integer({ min: 1, max: 9_000 }) }),
) as fc.Arbitrary<Step>;

const alertNo = (n: number, severity: Alert['severity']): Alert =>
  alertOf({ id: `A${n}`, node: `n${n % 2}`, category: `c${n}`, gpu_uuid: `GPU-${n}`, severity, opened_at: NOON });

/** Plays steps on a desk that is stored and restored before every n-th of them. */
function play(steps: readonly Step[], restartEvery: number) {
  const world = deskWorld({
    route: routeOf({ channels: ['chat'], escalate_to: ['boss'] }),
    channels: ['chat', 'boss'],
  });
  const severity = new Map<number, Alert['severity']>();
  const closed = new Set<number>();
  steps.forEach((one, i) => {
    if ((i + 1) % restartEvery === 0) world.restart();
    switch (one.kind) {
      case 'open':
        world.take(alertNo(one.id, 'warning'));
        if (!closed.has(one.id)) severity.set(one.id, severity.get(one.id) ?? 'warning');
        break;
      case 'rise':
        world.take(alertNo(one.id, 'critical'));
        if (!closed.has(one.id)) severity.set(one.id, 'critical');
        break;
      case 'close':
        world.take(closedOf(alertNo(one.id, severity.get(one.id) ?? 'warning')));
        closed.add(one.id);
        break;
      case 'acknowledge':
        world.act(`A${one.id}`, 'acknowledged', severity.get(one.id) ?? 'warning');
        break;
      case 'unacknowledge':
        world.act(`A${one.id}`, 'unacknowledged');
        break;
      case 'silence':
        world.silence({
          matchers: [{ field: 'gpu_uuid', values: [`GPU-${one.id}`] }],
          ends_at: world.clock.now() + one.minutes * MINUTE,
        });
        break;
      case 'pass':
        world.pass(one.seconds * 1_000);
        break;
    }
  });
  world.pass(3 * HOUR);
  return { world, severity, closed };
}

it('tells every change once a channel, forgets none, and restarts change nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { world, severity, closed } = play(steps, Number.POSITIVE_INFINITY);
      const told = new Map<string, string[]>();
      for (const { channel, notification } of world.told) {
        if (notification.reason === 'repeated') continue;
        for (const { id: alert, severity: rank, state } of notification.alerts) {
          const key = `${channel} ${alert}`;
          const known = told.get(key) ?? [];
          const what = state === 'closed' ? 'closed' : rank;
          // Of a group one member is news, the others are listed as they stand.
          if (known.at(-1) !== what) told.set(key, [...known, what]);
        }
      }
      for (const [key, changes] of told) {
        expect(changes.length, key).toBe(new Set(changes).size);
        if (changes.includes('closed')) expect(changes.at(-1), key).toBe('closed');
      }
      for (const [n, rank] of severity) {
        const said = told.get(`chat A${n}`) ?? [];
        if (!closed.has(n)) expect(said.at(-1), `A${n} open`).toBe(rank);
        else if (said.length > 0) expect(said.at(-1), `A${n} closed`).toBe('closed');
      }
      for (const every of [1, 3]) expect(play(steps, every).world.lines()).toEqual(world.lines());
    }),
    { seed: 6, numRuns: 150 },
  );
});
