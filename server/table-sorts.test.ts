import { expect, it } from 'vitest';
import { GPU_HEALTH_SCORES } from '../pipeline/contract/verdict-tables.ts';
import { encodeCursor } from '../sinks/questdb/page.ts';
import { NOW, populated } from './api.fixture.ts';
import { rowOf } from './row-of.fixture.ts';

it('as things stood are sorted by any column, and histories say that they go by time', async () => {
  const world = populated();
  const sorted = '/api/v1/health-scores?at=now&limit=1&sort=-overall_score';
  const { body } = await world.json(sorted);
  expect([body.items.length, body.total, typeof body.next]).toEqual([1, 2, 'string']);
  expect(world.asked.some(({ sql }) => sql.includes('ORDER BY lacking, "overall_score" DESC, "gpu_uuid"'))).toBe(true);
  expect((await world.get(`${sorted}&cursor=${body.next}`)).status).toBe(200);
  expect((await world.get(`${sorted.replace('=-', '=')}&cursor=${body.next}`)).status).toBe(400);
  expect((await world.get(`${sorted.replace(/&sort.*/, '')}&cursor=${body.next}`)).status).toBe(400);
  for (const wrong of [
    'sort=-overall_score',
    'sort=node',
    'at=now&sort=nothing',
    'at=now&sort=--ts',
    'at=now&sort=ts;',
  ]) {
    const { status, body: told } = await world.json(`/api/v1/health-scores?${wrong}`);
    expect([status, JSON.stringify(told)], wrong).toEqual([400, expect.stringContaining('Must be ts or -ts; ')]);
  }
  expect((await world.get('/api/v1/gpus/GPU-00/health?sort=ts')).status).toBe(200);
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
