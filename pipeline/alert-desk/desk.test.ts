import { describe, expect, it } from 'vitest';
import { alertOf, closedOf, deskWorld, HOUR, MINUTE, NOON, routeOf, SECOND } from './desk.fixture.ts';

const warning = (id: string, changes = {}) => alertOf({ id, severity: 'warning', category: id, ...changes });

describe('waiting and grouping', () => {
  it('tells what is critical within seconds, and gathers warnings', () => {
    const world = deskWorld();
    world.take(alertOf());
    world.pass(4 * SECOND);
    expect(world.lines()).toEqual([]);
    world.pass(SECOND);
    expect(world.lines()).toEqual(['5 chat opened firing A+']);
    const other = deskWorld();
    other.take(warning('W1'));
    other.pass(2 * MINUTE);
    other.take(warning('W2'));
    other.pass(10 * MINUTE);
    expect(other.lines()).toEqual(['300 chat opened firing W1+ W2+']);
  });

  it('tells of what waits too when something of the group cannot', () => {
    const world = deskWorld();
    world.take(warning('W'));
    world.pass(10 * SECOND);
    world.take(alertOf({ id: 'C' }));
    world.pass(10 * MINUTE);
    expect(world.lines()).toEqual(['15 chat opened firing C+ W+']);
  });

  it('spaces the messages about one group, by severity', () => {
    const world = deskWorld();
    world.take(alertOf({ id: 'C1' }));
    world.pass(6 * SECOND);
    world.take(alertOf({ id: 'C2', category: 'bus' }));
    world.pass(2 * MINUTE);
    world.take(warning('W'));
    world.pass(HOUR);
    expect(world.lines()).toEqual([
      '5 chat opened firing C1+',
      '35 chat opened firing C1+ C2+',
      '1835 chat opened firing C1+ C2+ W+',
    ]);
  });

  it.each<[string, readonly string[], number]>([
    ['node', ['node'], 2],
    ['rack', ['rack'], 1],
    ['GPU', ['gpu_uuid'], 3],
    ['node and rule', ['node', 'rule'], 2],
    ['nothing', [], 1],
    ['what none of them has', ['tenant'], 3],
    ['incident, else node', ['incident'], 2],
  ])('groups by %s', (_, group_by, messages) => {
    const world = deskWorld({ route: routeOf({ group_by }) });
    world.take(
      alertOf({ id: 'A', gpu_uuid: 'GPU-a' }),
      alertOf({ id: 'B', gpu_uuid: 'GPU-b' }),
      alertOf({ id: 'C', gpu_uuid: 'GPU-c', node: 'n2' }),
    );
    world.pass(MINUTE);
    expect(world.told).toHaveLength(messages);
    expect(world.told.flatMap(({ notification }) => notification.alerts.map(({ id }) => id)).sort()).toEqual([
      'A',
      'B',
      'C',
    ]);
  });

  it('never tells of what was over before it was told, nor of information', () => {
    const world = deskWorld();
    const brief = alertOf();
    world.take(brief);
    world.take(closedOf(brief));
    world.take(alertOf({ id: 'I', severity: 'info' }));
    world.pass(24 * HOUR);
    expect(world.lines()).toEqual([]);
    expect([...world.state().entries.keys()]).toEqual(['I']);
  });

  it('waits for the end of old news', () => {
    const world = deskWorld();
    const old = alertOf({ id: 'old', opened_at: NOON - 48 * HOUR });
    const still = alertOf({ id: 'still', opened_at: NOON - 47 * HOUR, category: 'bus' });
    world.take(old, still, alertOf({ id: 'new', category: 'power' }));
    world.pass(30 * SECOND);
    world.take(closedOf(old));
    world.pass(HOUR);
    expect(world.lines()).toEqual(['5 chat opened firing new+', '120 chat opened firing still+ new+']);
  });
});

describe('each change once', () => {
  it('tells opening, rise and closing, whatever the stream repeats', () => {
    const world = deskWorld();
    const first = alertOf({ severity: 'warning' });
    const worse = alertOf({ severity: 'critical' });
    const over = closedOf(worse);
    expect(world.take(first, first)).toEqual(['changed', 'repeated']);
    world.pass(HOUR);
    expect(world.take(worse, first, worse)).toEqual(['changed', 'repeated', 'repeated']);
    world.pass(10 * MINUTE);
    expect(world.take(over, first, worse, over)).toEqual(['changed', 'repeated', 'repeated', 'repeated']);
    world.pass(HOUR);
    expect(world.take(worse, over)).toEqual(['repeated', 'repeated']);
    world.pass(48 * HOUR);
    expect(world.lines()).toEqual([
      '300 chat opened firing A+',
      '3605 chat escalated firing A+',
      '4205 chat closed resolved A-',
    ]);
    expect(world.told.map(({ notification }) => notification.severity)).toEqual(['warning', 'critical', 'critical']);
    expect(new Set(world.told.map(({ notification }) => notification.group_key)).size).toBe(1);
    expect(new Set(world.told.map(({ notification }) => notification.id)).size).toBe(3);
  });

  it('stays firing while one of the group is open', () => {
    const world = deskWorld();
    const [a, b] = [alertOf({ id: 'A' }), alertOf({ id: 'B', category: 'bus' })];
    world.take(a, b);
    world.pass(MINUTE);
    world.take(closedOf(a));
    world.pass(MINUTE);
    world.take(closedOf(b));
    world.pass(MINUTE);
    expect(world.lines()).toEqual([
      '5 chat opened firing A+ B+',
      '65 chat closed firing B+ A-',
      '125 chat closed resolved B-',
    ]);
    expect(world.told.map(({ notification }) => notification.title)).toEqual([
      '2 alerts on node n1: A is too hot: 96 °C since 12:00',
      'Closed: A is too hot: 96 °C since 12:00',
      'Resolved: B is too hot: 96 °C since 12:00',
    ]);
  });

  it('says nothing of closings where a route does not want them', () => {
    const world = deskWorld({ route: routeOf({ closings: false }) });
    world.take(alertOf());
    world.pass(MINUTE);
    world.take(closedOf(alertOf()));
    world.pass(HOUR);
    expect(world.lines()).toEqual(['5 chat opened firing A+']);
    expect(world.state()).toMatchObject({ entries: new Map(), groups: new Map() });
  });

  it('cuts long messages and long titles', () => {
    const world = deskWorld();
    const many = Array.from({ length: 25 }, (_, i) =>
      alertOf({ id: `A${String(i).padStart(2, '0')}`, category: `c${i}`, summary: 'x'.repeat(500) }),
    );
    world.take(...many);
    world.pass(MINUTE);
    const notification = world.told[0]?.notification;
    expect(notification?.alerts).toHaveLength(20);
    expect(notification?.more).toBe(5);
    expect(notification?.title.length).toBeLessThan(120);
    expect(notification?.link).toBe('http://console/alerts?state=open&node=n1');
  });
});

describe('routes', () => {
  const tree = routeOf({
    channels: ['chat'],
    routes: [
      { name: 'pager', severities: ['critical'], channels: ['pager'], continue: true },
      { name: 'ml', matchers: [{ field: 'owner', values: ['ml*'] }], channels: ['ml'] },
      { name: 'all', channels: ['chat', 'pager'] },
    ],
  });
  it.each<[string, object, readonly string[]]>([
    ['critical of ml', { owner: 'ml-infra' }, ['pager', 'ml']],
    ['warning of ml', { owner: 'ml', severity: 'warning' }, ['ml']],
    ['critical of others: each channel once', { owner: 'hpc' }, ['pager', 'chat']],
    ['information', { severity: 'info' }, []],
  ])('%s', (_, changes, channels) => {
    const world = deskWorld({ route: tree, channels: ['chat', 'pager', 'ml'] });
    world.take(alertOf(changes));
    world.pass(10 * MINUTE);
    expect(world.told.map(({ channel }) => channel).sort()).toEqual([...channels].sort());
  });

  it('brings a channel in when the severity rises, and keeps those that were told', () => {
    const world = deskWorld({ route: tree, channels: ['chat', 'pager', 'ml'] });
    world.take(alertOf({ severity: 'warning' }));
    world.pass(10 * MINUTE);
    world.take(alertOf({ severity: 'critical' }));
    world.pass(10 * MINUTE);
    world.take(closedOf(alertOf()));
    world.pass(10 * MINUTE);
    expect(world.lines()).toEqual([
      '300 ml opened firing A+',
      '605 ml escalated firing A+',
      '605 pager opened firing A+',
      '1205 ml closed resolved A-',
      '1205 pager closed resolved A-',
    ]);
  });
});

describe('repeats and escalation', () => {
  it('repeats until somebody takes notice, and again when it gets worse', () => {
    const world = deskWorld();
    world.take(warning('A'));
    world.pass(60 * HOUR);
    world.act('A', 'acknowledged', 'warning');
    world.pass(100 * HOUR);
    expect(world.lines()).toEqual([
      '300 chat opened firing A+',
      '86700 chat repeated firing A+',
      '173100 chat repeated firing A+',
    ]);
    world.told.length = 0;
    world.take(alertOf({ id: 'A', category: 'A' }));
    world.pass(5 * HOUR);
    expect(world.told.map(({ notification }) => notification.reason)).toEqual(['escalated', 'repeated']);
    expect(world.told[0]?.notification.alerts[0]?.acknowledged_by).toBe('');
    world.act('A', 'acknowledged');
    world.pass(100 * HOUR);
    world.act('A', 'unacknowledged');
    expect(world.told.map(({ notification }) => notification.reason)).toEqual(['escalated', 'repeated', 'repeated']);
  });

  it('goes further up when nobody does', () => {
    const route = routeOf({ channels: ['chat'], escalate_to: ['boss'], escalate_after: '20m' });
    const world = deskWorld({ route, channels: ['chat', 'boss'] });
    const [a, b] = [alertOf({ id: 'A' }), alertOf({ id: 'B', category: 'bus' })];
    world.take(a, b);
    world.pass(MINUTE);
    world.act('B', 'acknowledged');
    world.pass(HOUR);
    expect(world.lines()).toEqual(['5 chat opened firing A+ B+', '1205 boss unacknowledged firing A+']);
    world.take(closedOf(a), closedOf(b));
    world.pass(HOUR);
    expect(world.lines().slice(2)).toEqual(['3665 chat closed resolved A- B-', '3665 boss closed resolved A-']);
  });
});

it('refuses a flood and goes on', () => {
  const world = deskWorld({ open_max: 3 });
  const taken = world.take(...['A', 'B', 'C', 'D'].map((id) => alertOf({ id, category: id })));
  expect(taken).toEqual(['changed', 'changed', 'changed', 'refused']);
  expect(world.take(closedOf(alertOf({ id: 'A', category: 'A' })))).toEqual(['changed']);
  world.pass(MINUTE);
  expect(world.take(alertOf({ id: 'E' }))).toEqual(['changed']);
});
