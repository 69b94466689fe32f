import { expect, it } from 'vitest';
import { ALERTS } from '../pipeline/contract/alert-tables.ts';
import { GPU_FAILURE_PREDICTIONS } from '../pipeline/contract/prediction-tables.ts';
import { ANOMALIES } from '../pipeline/contract/tables.ts';
import { GPU_HEALTH_SCORES, XID_EPISODES } from '../pipeline/contract/verdict-tables.ts';
import { encodeCursor } from '../sinks/questdb/page.ts';
import { NOW, populated } from './api.fixture.ts';
import { rowOf } from './row-of.fixture.ts';

it('as things stood are sorted by any column', async () => {
  const world = populated();
  const sorted = '/api/v1/health-scores?at=now&limit=1&sort=-overall_score';
  const { body } = await world.json(sorted);
  expect([body.items.length, body.total, typeof body.next]).toEqual([1, 2, 'string']);
  const order = 'ORDER BY rank DESC, rank_ts DESC, rank_0, rank_1, rank_2 LIMIT';
  expect(world.asked.some(({ sql }) => sql.includes('LATEST ON') && sql.includes(order))).toBe(true);
  expect((await world.get(`${sorted}&cursor=${body.next}`)).status).toBe(200);
  expect((await world.get(`${sorted.replace('=-', '=')}&cursor=${body.next}`)).status).toBe(400);
  expect((await world.get(`${sorted.replace(/&sort.*/, '')}&cursor=${body.next}`)).status).toBe(400);
});

it('a cursor is of an instant or of none', async () => {
  const world = populated();
  const sorted = '/api/v1/health-scores?limit=1&sort=-overall_score';
  const then = (await world.json(`${sorted}&at=now`)).body.next;
  const ever = (await world.json(sorted)).body.next;
  expect((await world.get(`${sorted}&cursor=${then}`)).status).toBe(400);
  expect((await world.get(`${sorted}&at=now&cursor=${ever}`)).status).toBe(400);
  expect((await world.get(`${sorted}&cursor=${ever}`)).status).toBe(200);
});

it.each([
  ['/api/v1/health-scores', GPU_HEALTH_SCORES],
  ['/api/v1/gpus/GPU-00/predictions', GPU_FAILURE_PREDICTIONS],
  ['/api/v1/episodes', XID_EPISODES],
  ['/api/v1/anomalies', ANOMALIES],
  ['/api/v1/gpus/GPU-00/anomalies', ANOMALIES],
  ['/api/v1/alerts', ALERTS],
])('histories are sorted by any column that holds no list: %s', async (path, spec) => {
  const { name, columns } = spec;
  const world = populated();
  world.tables.listed[name] = [0, 1].map((i) => rowOf(spec, { ts: NOW - i }));
  for (const { name: column, type } of columns) {
    for (const sort of [column, `-${column}`]) {
      const { status, body } = await world.json(`${path}?limit=1&sort=${sort}`);
      expect([sort, status]).toEqual([sort, type === 'JSON' ? 400 : 200]);
      if (type === 'JSON') continue;
      expect([sort, (await world.get(`${path}?limit=1&sort=${sort}&cursor=${body.next}`)).status]).toEqual([sort, 200]);
      const other = sort === column ? `-${column}` : column;
      expect((await world.get(`${path}?limit=1&sort=${other}&cursor=${body.next}`)).status).toBe(400);
    }
  }
  for (const wrong of ['nothing', '--ts', 'ts;', '-']) {
    const { status, body } = await world.json(`${path}?sort=${wrong}`);
    expect([wrong, status, body.detail]).toEqual([
      wrong,
      400,
      `sort: Must be one of ${columns
        .filter(({ type }) => type !== 'JSON')
        .map((one) => one.name)
        .join(', ')}, with - in front for descending`,
    ]);
  }
});

it('every page is of the instant of the first, whatever comes between', async () => {
  const world = populated();
  const sorted = '/api/v1/health-scores?at=now&limit=1&sort=-overall_score';
  const until = async (path: string): Promise<unknown[]> => {
    world.asked.length = 0;
    await world.json(path);
    return world.asked.filter(({ sql }) => sql.includes('LATEST ON')).map(({ parameters }) => Number(parameters[0]));
  };
  const { body } = await world.json(sorted);
  const then = await until(sorted);
  world.tables.listed[GPU_HEALTH_SCORES.name]?.unshift(rowOf(GPU_HEALTH_SCORES, { ts: NOW + 10_000 }));
  expect(await until(`${sorted}&cursor=${body.next}`)).toEqual(then);
  expect(await until(sorted)).toEqual(then.map((instant) => Number(instant) + 10_000));
  const foreign = encodeCursor(9e15, 1, '-overall_score');
  expect((await world.get(`${sorted}&cursor=${foreign}`)).status).toBe(400);
});

it('lists are asked for by texts, whole numbers and yes or no', async () => {
  const world = populated();
  for (const [query, bound] of [
    ['primary_xid=79', 79],
    ['count=2', 2],
    ['cured=false', 'false'],
    ['node=n1', 'n1'],
  ] as const) {
    expect((await world.get(`/api/v1/episodes?${query}`)).status).toBe(200);
    expect(world.asked.at(-1)?.parameters).toContain(bound);
  }
  expect((await world.get('/api/v1/gpus/GPU-00/anomalies?node=n1&window=10m')).status).toBe(200);
  for (const wrong of ['primary_xid=x', 'primary_xid=7.5', 'cured=maybe', 'started_at=1', 'xids=79']) {
    expect([wrong, (await world.get(`/api/v1/episodes?${wrong}`)).status]).toEqual([wrong, 400]);
  }
});
