import { describe, expect, it } from 'vitest';
import { apiWorld, assetOf, NOW, populated } from './api.fixture.ts';

type World = ReturnType<typeof apiWorld>;
interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly body: Record<string, unknown> & {
    readonly items: Record<string, unknown>[];
    readonly errors: { field: string; detail: string }[];
  };
}

async function send(
  world: World,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  const response = await world.app.request(`/api/v1/assets${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(text === undefined ? {} : { body: text }),
  });
  return { status: response.status, etag: response.headers.get('ETag'), body: (await response.json()) as never };
}
const csv = (world: World, text: string, query = '') =>
  send(world, 'POST', query, text, { 'Content-Type': 'text/csv' });

describe('an asset', () => {
  it('is registered, shown at once everywhere, and refused a second time', async () => {
    const world = populated();
    const told = {
      gpu_uuid: 'GPU-new',
      node: 'n7',
      owner: ' core ',
      purchase_price: 28_000,
      deployed_at: '2025-06-01',
    };
    const made = await send(world, 'POST', '', told);
    expect(made).toMatchObject({
      status: 201,
      body: {
        gpu_uuid: 'GPU-new',
        owner: 'core',
        status: 'active',
        deployed_at: '2025-06-01T00:00:00.000Z',
        registered_at: '2026-01-01T00:00:00.000Z',
        warranty_until: null,
        tenant: '',
      },
    });
    expect(await send(world, 'GET', '/GPU-new')).toEqual({ ...made, status: 200 });
    expect((await send(world, 'GET', '?owner=core')).body).toMatchObject({ total: 1, items: [made.body] });
    expect((await world.json('/api/v1/gpus/GPU-new')).body).toMatchObject({ asset: made.body, sample: null });
    expect(await send(world, 'POST', '', told)).toMatchObject({ status: 409, body: { code: 'GV-API-006' } });
    expect(world.log.versions.map(({ gpu_uuid }) => gpu_uuid)).toEqual(['GPU-new']);
  });

  it('that was only seen is known: it is changed, not registered', async () => {
    const world = populated();
    expect((await send(world, 'POST', '', { gpu_uuid: 'GPU-00' })).status).toBe(409);
    const changed = await send(world, 'PATCH', '/GPU-00', { owner: 'core', note: null, warranty_until: NOW });
    expect(changed).toMatchObject({
      status: 200,
      body: { owner: 'core', note: '', warranty_until: '2026-01-01T00:00:00.000Z', rack: 'r1', serial: '165' },
    });
    // The key of the row stays.
    expect(changed.body.ts).toBe('2025-12-31T00:00:00.000Z');
    expect((await send(world, 'PATCH', '/GPU-00', { owner: 'core' })).body).toEqual(changed.body);
    expect(world.log.versions).toHaveLength(1);
  });

  it('is changed only as it was read when If-Match says so', async () => {
    const world = populated();
    const { etag } = await send(world, 'GET', '/GPU-00');
    const match = { 'If-Match': etag as string };
    const first = await send(world, 'PATCH', '/GPU-00', { rack: 'r2' }, match);
    expect([first.status, first.etag]).not.toEqual([200, etag]);
    expect(await send(world, 'PATCH', '/GPU-00', { rack: 'r3' }, match)).toMatchObject({
      status: 412,
      body: { code: 'GV-API-007' },
    });
    for (const again of [`W/${first.etag}`, `"other", ${first.etag}`, '*']) {
      expect((await send(world, 'PATCH', '/GPU-00', { rack: 'r2' }, { 'If-Match': again })).status).toBe(200);
    }
  });

  it('is not changed over what another writer stores meanwhile', async () => {
    const world = populated();
    await send(world, 'GET', '/GPU-00');
    const results = await Promise.all([
      send(world, 'PATCH', '/GPU-00', { rack: 'a' }),
      send(world, 'PATCH', '/GPU-00', { rack: 'b' }),
      send(world, 'PATCH', '/GPU-00', { rack: 'c' }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(world.log.versions).toHaveLength(1);
    const [winner] = results.filter(({ status }) => status === 200);
    expect((await send(world, 'GET', '/GPU-00')).body.rack).toBe(winner?.body.rack);
  });

  it('written elsewhere is seen here', async () => {
    const world = populated();
    expect((await send(world, 'GET', '')).body.total).toBe(2);
    world.log.write(assetOf('GPU-00', { rack: 'r9' }));
    world.log.write(assetOf('GPU-imported'));
    await Promise.resolve();
    expect((await send(world, 'GET', '?rack=r9')).body.total).toBe(1);
    expect((await send(world, 'GET', '/GPU-imported')).status).toBe(200);
  });

  it('is retired and comes back, and its status and time go together', async () => {
    const world = populated();
    const at = '2025-12-01T00:00:00.000Z';
    const now = '2026-01-01T00:00:00.000Z';
    const steps: [method: string, path: string, body: unknown, status: number, expected: unknown][] = [
      ['POST', '/GPU-00/retire', undefined, 200, { status: 'retired', retired_at: now }],
      ['POST', '/GPU-00/retire', { note: 'sold' }, 200, { status: 'retired', retired_at: now, note: 'sold' }],
      ['POST', '/GPU-00/retire', { retired_at: at }, 200, { status: 'retired', retired_at: at }],
      ['PATCH', '/GPU-00', { status: 'active' }, 200, { status: 'active', retired_at: null, note: 'sold' }],
      ['PATCH', '/GPU-00', { retired_at: at }, 200, { status: 'retired', retired_at: at }],
      ['PATCH', '/GPU-00', { retired_at: null }, 200, { status: 'active', retired_at: null }],
      ['PATCH', '/GPU-00', { status: 'maintenance' }, 200, { status: 'maintenance', retired_at: null }],
      ['PATCH', '/GPU-00', { status: 'active', retired_at: at }, 400, { code: 'GV-API-001' }],
      ['PATCH', '/GPU-00', { status: 'retired', retired_at: null }, 400, { code: 'GV-API-001' }],
      ['POST', '/GPU-none/retire', undefined, 404, { code: 'GV-API-002' }],
    ];
    for (const [method, path, body, status, expected] of steps) {
      expect(await send(world, method, path, body), `${method} ${path} ${JSON.stringify(body)}`).toMatchObject({
        status,
        body: expected,
      });
    }
  });

  it.each<[body: unknown, field: string]>([
    [{}, 'body'],
    [{ ts: NOW }, 'body'],
    [{ ts: 'then' }, 'ts'],
    [{ colour: 'red' }, 'colour'],
    [{ gpu_uuid: 'GPU-other' }, 'gpu_uuid'],
    [{ owner: 7 }, 'owner'],
    [{ owner: 'a\nb' }, 'owner'],
    [{ owner: 'x'.repeat(257) }, 'owner'],
    [{ note: 'x'.repeat(4_001) }, 'note'],
    [{ purchase_price: -1 }, 'purchase_price'],
    [{ purchase_price: '5' }, 'purchase_price'],
    [{ deployed_at: 'yesterday' }, 'deployed_at'],
    [{ registered_at: null }, 'registered_at'],
    [{ status: 'gone' }, 'status'],
    ['{"owner":', 'body'],
    [[], 'body'],
  ])('refuses to be changed by what it cannot be, case %#', async (body, field) => {
    const world = populated();
    const answer = await send(world, 'PATCH', '/GPU-00', body);
    expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field]);
    expect(world.log.versions).toEqual([]);
  });

  it('takes nothing that a page elsewhere could send', async () => {
    const world = populated();
    const foreign = { Origin: 'https://evil.example', Host: '127.0.0.1:8080' };
    for (const [method, path] of [
      ['POST', ''],
      ['PATCH', '/GPU-00'],
      ['POST', '/GPU-00/retire'],
    ] as const) {
      const plain = { ...foreign, 'Content-Type': 'text/plain' };
      expect((await send(world, method, path, { gpu_uuid: 'GPU-x', rack: 'r' }, plain)).status, path).toBe(400);
    }
    expect((await send(world, 'POST', '/GPU-00/retire', undefined, foreign)).status).toBe(400);
    const own = { Origin: 'http://127.0.0.1:8080', Host: '127.0.0.1:8080' };
    expect((await send(world, 'POST', '/GPU-00/retire', undefined, own)).status).toBe(200);
  });
});

describe('assets as CSV', () => {
  it('come in, new and known ones, and say what became of each row', async () => {
    const world = populated();
    const file = 'gpu_uuid,owner,rack\nGPU-00,core,r1\nGPU-a,ml,r5\nGPU-shelf,ml,r1\n';
    expect(await csv(world, file)).toMatchObject({
      status: 201,
      body: {
        added: 1,
        changed: 1,
        unchanged: 1,
        refused: 0,
        rows: [
          { line: 2, gpu_uuid: 'GPU-00', outcome: 'changed' },
          { line: 3, gpu_uuid: 'GPU-a', outcome: 'added' },
          { line: 4, gpu_uuid: 'GPU-shelf', outcome: 'unchanged' },
        ],
        problems: [],
      },
    });
    expect((await send(world, 'GET', '?owner=ml')).body.total).toBe(2);
  });

  it('come in all or none, or the good ones alone', async () => {
    const world = populated();
    const file = 'gpu_uuid,purchase_price,status\nGPU-a,1,active\nGPU-b,many,gone\n,1,\nGPU-a,2,\n';
    const problems = [
      { line: 3, field: 'purchase_price', detail: 'must be a number from 0 on' },
      { line: 3, field: 'status', detail: 'must be active, maintenance or retired' },
      { line: 4, field: 'gpu_uuid', detail: 'is missing' },
      { line: 5, field: 'gpu_uuid', detail: 'is on line 2 already' },
    ];
    const refused = await csv(world, file);
    expect([refused.status, refused.body.errors]).toEqual([
      400,
      problems.map(({ line, field, detail }) => ({ field: `line ${line}, ${field}`, detail })),
    ]);
    expect(world.log.versions).toEqual([]);
    expect(await csv(world, file, '?partial=true')).toMatchObject({
      status: 201,
      body: { added: 1, refused: 3, rows: [{ line: 2, outcome: 'added' }], problems },
    });
    expect((await csv(world, 'gpu_uuid\n,\n', '?partial=true')).status).toBe(201);
    expect((await csv(world, 'uuid\nGPU-a\n', '?partial=true')).status).toBe(400);
    expect((await csv(world, '', '?partial=true')).status).toBe(400);
    expect((await send(world, 'POST', '?partial=true', { gpu_uuid: 'GPU-z' })).status).toBe(400);
  });

  it('say which rows another writer was faster with', async () => {
    const world = populated();
    await send(world, 'GET', '');
    const race = await Promise.all([csv(world, 'gpu_uuid,rack\nGPU-00,a\n'), csv(world, 'gpu_uuid,rack\nGPU-00,b\n')]);
    expect(race.map(({ body }) => [body.changed, body.refused]).sort()).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(race.flatMap(({ body }) => body.problems)).toEqual([
      { line: 2, field: 'gpu_uuid', detail: 'was changed by somebody else meanwhile; send it again' },
    ]);
  });

  it('go out as they can come in', async () => {
    const world = populated();
    const text = await (await world.get('/api/v1/assets', { Accept: 'text/csv' })).text();
    expect(text.split('\r\n')[0]).toMatch(/^ts,gpu_uuid,node,model,/);
    expect(await csv(world, text)).toMatchObject({ status: 201, body: { added: 0, changed: 0, unchanged: 2 } });
  });
});

describe('the list of assets', () => {
  it('is filtered, searched, sorted and paged', async () => {
    const world = apiWorld();
    world.tables.assets = Array.from({ length: 12 }, (_, i) =>
      assetOf(`GPU-${String(i).padStart(2, '0')}`, {
        rack: `r${i % 3}`,
        owner: i % 2 ? 'ml' : '',
        purchase_price: i === 5 ? null : 1_000 * i,
        registered_at: NOW - i * 1_000,
        note: i === 7 ? 'Loud FAN' : '',
      }),
    );
    const cases: [query: string, total: number][] = [
      ['rack=r1', 4],
      ['rack=r1&owner=ml', 2],
      ['owner=', 6],
      ['q=loud', 1],
      ['q=gpu-1', 2],
      ['status=active', 12],
      [`from=${NOW - 2_000}`, 3],
      [`to=${NOW - 2_000}`, 9],
      ['gpu_uuid=GPU-03', 1],
      ['serial=165&slot=0', 12],
    ];
    for (const [query, total] of cases) {
      expect((await world.json(`/api/v1/assets?${query}`)).body.total, query).toBe(total);
    }
    for (const [sort, first, last] of [
      ['', 'GPU-00', 'GPU-11'],
      ['-gpu_uuid', 'GPU-11', 'GPU-00'],
      ['purchase_price', 'GPU-00', 'GPU-05'],
      ['-purchase_price', 'GPU-11', 'GPU-05'],
      ['owner', 'GPU-01', 'GPU-10'],
      ['-registered_at', 'GPU-00', 'GPU-11'],
    ]) {
      const seen: unknown[] = [];
      let cursor = '';
      do {
        const query = new URLSearchParams({ limit: '5', ...(sort && { sort }), ...(cursor && { cursor }) });
        const { body } = await world.json(`/api/v1/assets?${query}`);
        seen.push(...body.items.map(({ gpu_uuid }) => gpu_uuid));
        cursor = (body.next as string | null) ?? '';
      } while (cursor !== '');
      expect([seen.length, new Set(seen).size, seen[0], seen.at(-1)], sort).toEqual([12, 12, first, last]);
    }
  });
});
