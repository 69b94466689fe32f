import { describe, expect, it } from 'vitest';
import { type apiWorld, NOW, populated } from './api.fixture.ts';

type World = ReturnType<typeof apiWorld>;

async function send(
  world: World,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> & { readonly items: Record<string, unknown>[] } }> {
  const response = await world.app.request(`/api/v1/assets${path}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as never };
}

describe('an asset', () => {
  it('is sent back as it was answered, changed or not', async () => {
    const world = populated();
    const { body } = await send(world, 'GET', '/GPU-00');
    expect(await send(world, 'PATCH', '/GPU-00', body)).toMatchObject({ status: 200, body });
    expect(world.log.versions).toHaveLength(0);
    const changed = { ...body, owner: 'core', ts: NOW };
    expect(await send(world, 'PATCH', '/GPU-00', changed)).toMatchObject({
      status: 200,
      body: { ...body, owner: 'core' },
    });
    expect(await send(world, 'PATCH', '/GPU-00', { ...body, gpu_uuid: 'GPU-01' })).toMatchObject({
      status: 400,
      body: { detail: 'gpu_uuid: Must be GPU-00 as in the path, or left out' },
    });
    const copied = await send(world, 'POST', '', { ...body, gpu_uuid: 'GPU-copy' });
    expect(copied).toMatchObject({
      status: 201,
      body: { owner: 'ml', serial: '165', registered_at: body.registered_at },
    });
    const retired = (await send(world, 'GET', '/GPU-shelf')).body;
    expect(await send(world, 'PATCH', '/GPU-shelf', retired)).toMatchObject({ status: 200, body: retired });
  });

  it('is found by every name that it has', async () => {
    const world = populated();
    const { body } = await send(world, 'GET', '/GPU-00');
    for (const [name, value] of Object.entries(body).filter(([, one]) => typeof one === 'string')) {
      if (/_at$|^ts$/.test(name)) continue;
      const found = (query: string) => send(world, 'GET', `?${name}=${encodeURIComponent(query)}`);
      expect([name, (await found(String(value))).body.items[0]?.gpu_uuid]).toEqual([name, 'GPU-00']);
      expect([name, (await found('another')).body.total]).toEqual([name, 0]);
    }
  });
});
