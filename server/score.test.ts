import { describe, expect, it } from 'vitest';
import { populated } from './api.fixture.ts';

const PATH = '/api/v1/health/score';

async function post(body: unknown, world = populated()): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await world.app.request(PATH, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('POST /health/score', () => {
  it('answers with the fields of the table, for a GPU and for samples', async () => {
    const samples = [{ ts: 1_767_225_600_000, gpu_temp_celsius: 60 }];
    expect(await post({ gpu_uuid: 'GPU-00' })).toMatchObject({ status: 200, body: { profile: 'default' } });
    expect(await post({ gpu_uuid: 'GPU-00', profile: 'reference' })).toMatchObject({ body: { profile: 'reference' } });
    const scored = await post({ samples, interval: '60s', asset: { model: 'NVIDIA H100', deployed_at: '2025-01-01' } });
    expect(scored).toMatchObject({ status: 200, body: { overall_score: 0.5, contributions: [] } });
    expect(await post({ samples, interval: 60 })).toMatchObject({ status: 200 });
  });

  it('goes by the profile of the installation unless another is asked for', async () => {
    const world = populated({ profile: 'reference' });
    const samples = [{ ts: 1, gpu_temp_celsius: 60 }];
    for (const asked of [{ gpu_uuid: 'GPU-00' }, { samples }]) {
      expect(await post(asked, world)).toMatchObject({ status: 200, body: { profile: 'reference' } });
      const other = { ...asked, profile: 'default' };
      expect(await post(other, world)).toMatchObject({ status: 200, body: { profile: 'default' } });
    }
  });

  it('takes rows as a replay does, and the asset as it was answered', async () => {
    const rows = [
      { instance: 0, node: null },
      { instance: null, node: 7 },
      { gpu_uuid: 'GPU-00', instance: { odd: true } },
      { gpu_uuid: null, job: null },
    ];
    for (const row of rows) {
      const samples = [{ ts: 1, gpu_temp_celsius: 60, ...row }];
      expect([row, (await post({ samples })).status]).toEqual([row, 200]);
    }
    const world = populated();
    const { body: asset } = await world.json('/api/v1/assets/GPU-00');
    asset.note = 'n'.repeat(4_000);
    for (const gpu of [{}, { gpu_uuid: 'GPU-00' }]) {
      const samples = [{ ts: 1, gpu_temp_celsius: 60, ...gpu }];
      expect(await post({ samples, asset }, world)).toMatchObject({ status: 200 });
    }
  });

  it('gives the scorer no more of an asset than its facts', async () => {
    const given: unknown[] = [];
    const world = populated({
      scorer: {
        stored: async () => null,
        samples: async ({ asset }) => {
          given.push(asset);
          return { score: null, refused: [] };
        },
      },
    });
    await post({ samples: [{ ts: 1 }], asset: { ts: 5, gpu_uuid: 'GPU-00', model: 'H100' } }, world);
    expect(given).toEqual([{ model: 'H100' }]);
  });

  it.each([
    ['{}', {}, 'ts: Is missing'],
    ['a time that is none', { ts: null }, 'ts: Must be a number'],
    ['a number', 7, ' Must be an object'],
  ])('tells of many samples that are none the first hundred, and how many more there are: %s', async (_, one, said) => {
    const { status, body } = await post({ samples: [{ ts: 1 }, ...Array(300).fill(one)] });
    const errors = body.errors as { field: string; detail: string }[];
    expect([status, errors.length]).toEqual([400, 100]);
    expect(errors.map(({ field }) => field.split('.')[1])).toEqual(
      Array.from({ length: 100 }, (_, i) => String(i + 1)),
    );
    expect(`${errors[0]?.field}: ${errors[0]?.detail}`).toContain(said);
    expect(body.detail).toMatch(/; and 200 more$/);
  });

  it('looks into no more samples than it takes', async () => {
    const { status, body } = await post({ samples: Array(300_001).fill({}) });
    expect([status, body.errors]).toEqual([400, [{ field: 'samples', detail: 'Must have at most 300000 items' }]]);
  });

  it.each([
    ['an asset of another', { samples: [{ ts: 1, gpu_uuid: 'a' }], asset: { gpu_uuid: 'b' } }, 400, 'asset.gpu_uuid'],
    [
      'samples of several instances',
      {
        samples: [
          { ts: 1, instance: 0 },
          { ts: 2, instance: '1' },
        ],
      },
      400,
      'samples',
    ],
    ['an unknown GPU', { gpu_uuid: 'GPU-none' }, 404, 'GPU-none'],
    ['a text', 'nonsense', 400, 'body'],
    ['nothing', {}, 400, ''],
    ['no samples', { samples: [] }, 400, 'samples'],
    [
      'samples of several GPUs',
      {
        samples: [
          { ts: 1, gpu_uuid: 'a' },
          { ts: 2, gpu_uuid: 'b' },
        ],
      },
      400,
      'samples',
    ],
    ['samples that tell nothing', { samples: [{ ts: 1, node: 'n' }] }, 400, 'no known metric'],
    ['another profile', { gpu_uuid: 'GPU-00', profile: 'best' }, 400, 'profile'],
    ['a field that is none', { gpu_uuid: 'GPU-00', profil: 'default' }, 400, 'profil'],
    ['an interval that is none', { samples: [{ ts: 1 }], interval: 'often' }, 400, 'interval'],
    ['an asset that cannot be', { samples: [{ ts: 1 }], asset: { deployed_at: 'soon' } }, 400, 'asset.deployed_at'],
  ])('refuses %s', async (_, body, status, named) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(named);
    expect(answer.body.code).toMatch(/^GV-API-00[12]$/);
  });
});
