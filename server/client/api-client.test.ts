import { expect, expectTypeOf, it } from 'vitest';
import { NOW, populated } from '../api.fixture.ts';
import { type Anomaly, ApiError, apiClient, type GpuSummary } from './api-client.ts';

/** The client over the app itself, without a socket. */
function world() {
  const { app, ...rest } = populated();
  const asked: { readonly url: string; readonly request: RequestInit }[] = [];
  const client = apiClient({
    base: 'http://api',
    key: 'K',
    fetch: async (url, request) => {
      asked.push({ url, request });
      return app.request(url, request);
    },
  });
  return { ...rest, client, asked };
}

const all = async <T>(iterable: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const one of iterable) list.push(one);
  return list;
};

it('gives typed answers to typed questions', async () => {
  const { client, asked } = world();
  const verdict = await client.get('/api/v1/gpus/{gpu_uuid}', { params: { gpu_uuid: 'GPU-03' } });
  expectTypeOf(verdict.anomalies).toEqualTypeOf<readonly Anomaly[]>();
  expect(verdict.anomalies.map(({ id }) => id)).toEqual(['A3']);
  await client.get('/api/v1/episodes', { query: { from: NOW - 1_000, limit: 5, node: undefined } });
  expect(asked.map(({ url }) => url)).toEqual([
    'http://api/api/v1/gpus/GPU-03',
    `http://api/api/v1/episodes?from=${NOW - 1_000}&limit=5`,
  ]);
  expect(asked[0]?.request).toMatchObject({ headers: { Accept: 'application/json', Authorization: 'Bearer K' } });
  // @ts-expect-error there is no such path
  await expect(client.get('/api/v1/nothing')).rejects.toMatchObject({ status: 404 });
  // @ts-expect-error there is no such parameter
  await expect(client.get('/api/v1/gpus', { query: { colour: 'red' } })).rejects.toMatchObject({ status: 400 });
});

it('goes through a list page by page, and no further than is asked for', async () => {
  const { client, asked } = world();
  const gpus = await all(client.items('/api/v1/gpus', { query: { limit: 10, sort: '-power_watts' } }));
  expectTypeOf(gpus).toEqualTypeOf<GpuSummary[]>();
  expect(gpus.length).toBe(27);
  expect(new Set(gpus.map(({ gpu_uuid, instance }) => `${gpu_uuid} ${instance}`)).size).toBe(27);
  expect(asked.length).toBe(3);
  for await (const page of client.pages('/api/v1/gpus', { query: { limit: 10 } })) {
    expect([page.items.length, page.total]).toEqual([10, 27]);
    break;
  }
  expect(asked.length).toBe(4);
});

it('reads a list as CSV, its line of names once', async () => {
  const { client } = world();
  const text = (await all(client.csv('/api/v1/gpus', { query: { limit: 10 } }))).join('');
  const [names, ...rows] = text.trimEnd().split('\r\n');
  expect(names).toMatch(/^ts,gpu_uuid,node/);
  expect(rows.length).toBe(27);
  expect(rows.filter((row) => row === names)).toEqual([]);
  expect(await client.text('/metrics', 'text/plain')).toContain('gpu_vitals_');
});

it('sends bodies as JSON and as CSV', async () => {
  const { client } = world();
  const silence = await client.post('/api/v1/silences', {
    body: { matchers: [{ field: 'node', values: ['n1'] }], ends_at: NOW + 3_600_000, by: 'me' },
  });
  expect(silence).toMatchObject({ state: 'active', created_by: 'me' });
  const changed = await client.patch('/api/v1/silences/{id}', {
    params: { id: silence.id },
    body: { by: 'me', note: 'so' },
  });
  expect(changed.comment).toBe('so');
  expect(await client.post('/api/v1/assets', { csv: 'gpu_uuid,node,rack\nGPU-new,n9,r9\n' })).toMatchObject({
    added: 1,
  });
});

it('changes only the version that was read', async () => {
  const { client } = world();
  const params = { gpu_uuid: 'GPU-new' };
  await client.post('/api/v1/assets', { body: { gpu_uuid: 'GPU-new', node: 'n9' } });
  const { answer, tag } = await client.tagged('/api/v1/assets/{gpu_uuid}', { params });
  expect(answer).toMatchObject({ node: 'n9', rack: '' });
  const changed = client.patch('/api/v1/assets/{gpu_uuid}', { params, body: { rack: 'r1' }, if_match: tag });
  expect(await changed).toMatchObject({ rack: 'r1' });
  const late = client.patch('/api/v1/assets/{gpu_uuid}', { params, body: { rack: 'r2' }, if_match: tag });
  await expect(late).rejects.toMatchObject({ status: 412 });
});

it('throws what the API says of a failure, and that it does not answer', async () => {
  const { client, setAway } = world();
  setAway(true);
  const failure = await client.get('/api/v1/anomalies').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApiError);
  expect(failure).toMatchObject({
    status: 503,
    problem: { code: 'GV-API-003' },
    message: 'The database does not answer',
  });
  const deaf = apiClient({ fetch: () => Promise.reject(new TypeError('fetch failed')) });
  await expect(deaf.get('/livez')).rejects.toMatchObject({ status: 0, message: 'The API does not answer' });
  const gone = new AbortController();
  gone.abort(new Error('enough'));
  const aborted = apiClient({ fetch: async (_url, { signal }) => Promise.reject(signal?.reason) });
  await expect(aborted.get('/livez', { signal: gone.signal })).rejects.toThrow('enough');
  const broken = apiClient({ fetch: async () => new Response('<html>', { status: 502 }) });
  await expect(broken.get('/livez')).rejects.toMatchObject({ status: 502, message: 'The API answered 502' });
});
