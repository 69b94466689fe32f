import { firstValueFrom } from 'rxjs';
import { afterEach, expect, expectTypeOf, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { z } from 'zod';
import { freePort } from '../deploy/services/free-port.ts';
import { anomalyOf, jsonBytes } from '../sinks/live/fleet.fixture.ts';
import { endAll, world } from './live.fixture.ts';
import { liveTopic } from './live-client.ts';
import type { LiveAnomaly, LiveGpu, LiveGpuSummary } from './live-rows.ts';
import { type anomalySchema, type GpuSummary, gpuStateSchema } from './schemas.ts';

afterEach(endAll);

it('has the types of what the server says', () => {
  expectTypeOf<GpuSummary>().toExtend<LiveGpuSummary>();
  expectTypeOf<LiveGpuSummary>().toExtend<GpuSummary>();
  expectTypeOf<z.infer<typeof anomalySchema>>().toExtend<LiveAnomaly>();
  expectTypeOf<keyof z.infer<typeof gpuStateSchema>>().toEqualTypeOf<keyof LiveGpu>();
  expect(Object.keys(gpuStateSchema.shape).length).toBe(11);
});

it('follows a real server through its restart, from where it was', async () => {
  // Chosen here: a port that the system gave cannot be listened on again while its last sockets linger.
  const port = await freePort(0, new Set());
  const first = await world('uws', { port });
  first.sample('GPU-a', { power_watts: 1 });
  await vi.waitFor(() => expect(first.live.view.size).toBe(1));
  const seen: [string, number | null | undefined][] = [];
  const subscription = liveTopic(first.live.url, 'fleet', { WebSocket, retry_ms: 20 }).subscribe(({ type, state }) => {
    seen.push([type, state.get('GPU-a')?.power_watts]);
  });
  try {
    await vi.waitFor(() => expect(seen).toEqual([['snapshot', 1]]));
    first.sample('GPU-a', { power_watts: 2 });
    await vi.waitFor(() => expect(seen.at(-1)).toEqual(['delta', 2]));
    await first.live.close();
    const second = await world('uws', { port });
    second.sample('GPU-a', { power_watts: 3 });
    await vi.waitFor(() => expect(seen.at(-1)?.[1]).toBe(3), 5_000);
    expect(seen.slice(0, 2)).toEqual([
      ['snapshot', 1],
      ['delta', 2],
    ]);
  } finally {
    subscription.unsubscribe();
  }
});

it('tells the verdict on a GPU as it changes, and its open anomalies', async () => {
  const { live, bus, sample } = await world('uws');
  sample('GPU-a');
  await vi.waitFor(() => expect(live.view.size).toBe(1));
  const options = { WebSocket };
  let gpu: LiveGpu | null = null;
  let summary: LiveGpuSummary | undefined;
  const subscriptions = [
    liveTopic(live.url, 'gpu/GPU-a', options).subscribe(({ state }) => {
      gpu = state;
    }),
    liveTopic(live.url, 'fleet', options).subscribe(({ state }) => {
      summary = state.get('GPU-a');
    }),
  ];
  try {
    await vi.waitFor(() => expect([gpu, summary]).toMatchObject([{ health: [], decision: null }, { decision: null }]));
    const ts = 1_767_225_601_000;
    const about = { ts, gpu_uuid: 'GPU-a', node: 'n1', instance: '', confidence: 0.9, explanation: 'Because.' };
    const dimensions = Object.fromEntries(
      ['memory', 'thermal', 'performance', 'power', 'reliability'].map((name) => [`${name}_health`, 90]),
    );
    const told: [table: string, row: object][] = [
      [
        'gpu_health_scores',
        { ...about, ...dimensions, overall_score: 10, health_grade: 'poor', action: 'none', profile: 'reference' },
      ],
      [
        'gpu_health_scores',
        { ...about, ...dimensions, overall_score: 88.5, health_grade: 'good', action: 'none', profile: 'default' },
      ],
      [
        'gpu_failure_predictions',
        {
          ...about,
          failure_prob_7d: 0.01,
          failure_prob_30d: 0.04,
          failure_prob_90d: 0.1,
          predicted_failure_type: 'memory',
          estimated_ttf_days: null,
          ttf_low_days: null,
          ttf_high_days: null,
          model_name: 'heuristic',
          model_version: '1',
        },
      ],
      [
        'gpu_economic_decisions',
        {
          ...about,
          decision: 'keep',
          advice: 'watch',
          npv_keep: 9_000,
          expected_value: 12_000,
          value_at_risk_usd_per_hour: 0.4,
          rationale: 'It earns.',
        },
      ],
      ['gpu_economic_decisions', { ...about, ts: ts - 1, decision: 'sell' }],
      ['anomalies', anomalyOf({ gpu_uuid: 'GPU-a', id: 'A1' })],
    ];
    for (const [table, row] of told) bus.publish({ subject: `vitals.${table}.n1.GPU-a`, data: jsonBytes(row) });
    await vi.waitFor(() => {
      expect(gpu).toMatchObject({
        health: [{ instance: '', overall_score: 88.5, thermal_health: 90, ts: '2026-01-01T00:00:01.000Z' }],
        predictions: [{ failure_prob_90d: 0.1, predicted_failure_type: 'memory' }],
        decision: { decision: 'keep', advice: 'watch' },
        anomalies: [{ id: 'A1' }],
      });
      expect(summary).toMatchObject({
        overall_score: 88.5,
        health_grade: 'good',
        failure_prob_7d: 0.01,
        failure_prob_30d: 0.04,
        decision: 'keep',
        open_warning: 1,
      });
    });
    expect(gpuStateSchema.parse(gpu)).toEqual(gpu);
  } finally {
    for (const subscription of subscriptions) subscription.unsubscribe();
  }
});

it('passes on that the server does not have the topic', async () => {
  const { live } = await world('uws');
  const refused = firstValueFrom(liveTopic(live.url, 'node/', { WebSocket }));
  await expect(refused).rejects.toMatchObject({ name: 'LiveRefused', code: 'GV-LIV-002' });
});
