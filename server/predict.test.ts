import { describe, expect, it } from 'vitest';
import { populated } from './api.fixture.ts';

async function post(body: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await populated().app.request('/api/v1/predict/failure', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json' },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('POST /predict/failure', () => {
  it('answers with the fields of the table, for a GPU and for features', async () => {
    expect(await post({ gpu_uuid: 'GPU-00' })).toMatchObject({ status: 200, body: { contributions: [] } });
    expect(await post({ features: { gpu_temp_max: 0.75, gpu_age_days: null } })).toMatchObject({
      status: 200,
      body: { failure_prob_7d: 0.75 },
    });
    expect(await post({ features: {} })).toMatchObject({ status: 200, body: { failure_prob_7d: 0.25 } });
  });

  it('tells of many features that are none the first hundred, and how many more there are', async () => {
    const features = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}`, 1]));
    const { status, body } = await post({ features });
    expect([status, (body.errors as unknown[]).length]).toEqual([400, 100]);
    expect(body.detail).toMatch(/; features\.f99: There is no such feature; see feature-definitions; and 4900 more$/);
  });

  it.each([
    ['an unknown GPU', { gpu_uuid: 'GPU-none' }, 404, 'GPU-none'],
    ['nothing', {}, 400, ''],
    ['a feature that is none', { features: { gpu_temp_maximum: 80 } }, 400, 'gpu_temp_maximum'],
    ['a feature that is no number', { features: { gpu_temp_max: 'hot' } }, 400, 'gpu_temp_max'],
    ['both', { gpu_uuid: 'GPU-00', features: {} }, 400, ''],
  ])('refuses %s', async (_, body, status, named) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(named);
    expect(answer.body.code).toMatch(/^GV-API-00[12]$/);
  });
});
