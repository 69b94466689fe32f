import { describe, expect, it } from 'vitest';
import { alertOf, closedOf, deskWorld, HOUR, MINUTE, NOON, routeOf, SECOND } from './desk.fixture.ts';

const warning = (id: string, changes = {}) => alertOf({ id, severity: 'warning', category: id, ...changes });

describe('silences and inhibition', () => {
  it('tells what a silence hid when it ends, and closings whatever is silenced', () => {
    const world = deskWorld();
    world.silence({});
    const [a, b] = [alertOf({ id: 'A' }), alertOf({ id: 'B', category: 'bus' })];
    world.take(a, b);
    world.pass(30 * MINUTE);
    world.take(closedOf(b));
    world.pass(29 * MINUTE);
    expect(world.lines()).toEqual([]);
    world.pass(2 * MINUTE);
    expect(world.lines()).toEqual(['3605 chat opened firing A+']);
    world.silence({ starts_at: world.clock.now(), ends_at: world.clock.now() + 48 * HOUR });
    world.pass(24 * HOUR);
    world.take(closedOf(a));
    world.pass(MINUTE);
    expect(world.lines().slice(1)).toEqual([`${(25 * HOUR + MINUTE) / 1_000 + 5} chat closed resolved A-`]);
  });

  it('a planned silence begins by itself; one that never was in force hides nothing', () => {
    const world = deskWorld({ channels: ['chat'] });
    world.silence({ starts_at: NOON + MINUTE, ends_at: NOON + 2 * MINUTE });
    world.silence({ starts_at: NOON + HOUR, ends_at: NOON });
    world.pass(MINUTE);
    world.take(alertOf());
    world.pass(HOUR);
    expect(world.lines()).toEqual(['125 chat opened firing A+']);
  });

  it('a GPU in maintenance is told of to nobody', () => {
    let maintained = true;
    const world = deskWorld({ maintained: ({ gpu_uuid }) => maintained && gpu_uuid === 'GPU-a' });
    world.take(alertOf({ id: 'A' }), alertOf({ id: 'B', gpu_uuid: 'GPU-b' }));
    world.pass(MINUTE);
    expect(world.lines()).toEqual(['5 chat opened firing B+']);
    maintained = false;
    world.silence({ id: 'elsewhere', matchers: [{ field: 'node', values: ['n9'] }] });
    world.pass(MINUTE);
    expect(world.lines()[1]).toBe('65 chat opened firing A+ B+');
  });

  it('an incident is told instead of its members; what outlives it is told then', () => {
    const world = deskWorld();
    const members = ['a', 'b', 'c'].map((name) =>
      alertOf({ id: `M${name}`, gpu_uuid: `GPU-${name}`, node: `n-${name}` }),
    );
    const incident = alertOf({
      id: 'I',
      source: 'incidents',
      gpu_uuid: '',
      node: '',
      gpus: ['GPU-a', 'GPU-b'],
      opened_at: NOON + SECOND,
      ts: NOON + SECOND,
    });
    world.take(...members);
    world.pass(SECOND);
    world.take(incident);
    world.pass(MINUTE);
    expect(world.told.flatMap(({ notification }) => notification.alerts.map(({ id }) => id))).toEqual(['Mc', 'I']);
    world.take(closedOf(members[1] ?? incident), closedOf(incident));
    world.pass(MINUTE);
    expect(world.lines().slice(2)).toEqual(['66 chat opened firing Ma+', '66 chat closed resolved I-']);
  });
});

describe('restart', () => {
  it('goes on as if nothing had happened, at any moment', () => {
    const run = (restartEvery: number): readonly string[] => {
      const world = deskWorld({ route: routeOf({ escalate_to: ['boss'] }), channels: ['chat', 'boss'] });
      let n = 0;
      const step = (): void => {
        if (++n % restartEvery === 0) world.restart();
        world.pass(90 * SECOND);
      };
      const [a, b] = [alertOf({ id: 'A' }), warning('B')];
      world.take(a);
      step();
      world.take(b);
      step();
      world.take(alertOf({ id: 'B', category: 'B' }));
      for (let i = 0; i < 40; i++) step();
      world.take(closedOf(a));
      step();
      world.act('B', 'acknowledged');
      for (let i = 0; i < 400; i++) step();
      world.take(closedOf(alertOf({ id: 'B', category: 'B' })), a);
      for (let i = 0; i < 4; i++) step();
      return world.lines();
    };
    const once = run(Number.POSITIVE_INFINITY);
    expect(once.length).toBeGreaterThan(5);
    for (const every of [1, 2, 7]) expect(run(every)).toEqual(once);
  });

  it('tells a channel that is new of what is open, and forgets one that is gone', () => {
    const world = deskWorld();
    world.take(alertOf());
    world.pass(MINUTE);
    world.restart({ channels: ['mail'] });
    world.pass(MINUTE);
    world.take(closedOf(alertOf()));
    world.pass(MINUTE);
    expect(world.lines()).toEqual([
      '5 chat opened firing A+',
      '60 mail opened firing A+',
      '125 mail closed resolved A-',
    ]);
  });
});
