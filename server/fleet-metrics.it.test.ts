import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { expect, it, onTestFinished, vi } from 'vitest';
import { findPrometheus } from '../deploy/prometheus/find-prometheus.ts';
import { startPrometheus } from '../deploy/prometheus/prometheus.fixture.ts';
import { populated } from './api.fixture.ts';

const found = await findPrometheus(process.env);

it.skipIf(typeof found === 'string')(
  `a real Prometheus reads /metrics/fleet (${typeof found === 'string' ? found : 'it is there'})`,
  async () => {
    if (typeof found === 'string') return;
    const world = populated();
    const hostile = 'rack "7"\\ \nä';
    world.sample('GPU-odd', { power_watts: 1 }, { node: hostile });
    const server = createAdaptorServer({ fetch: world.app.fetch });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    onTestFinished(() => {
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const prometheus = await startPrometheus(
      found.prometheus,
      `scrape_configs:
  - { job_name: fleet, metrics_path: /metrics/fleet, scrape_interval: 1s, honor_labels: true, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }
`,
    );
    onTestFinished(() => prometheus.stop());
    await vi.waitFor(async () => expect((await prometheus.query('up'))[0]?.value).toBe(1), {
      timeout: 20_000,
      interval: 200,
    });
    const one = async (expression: string): Promise<number | undefined> =>
      (await prometheus.query(expression))[0]?.value;
    expect(await one('gpu_vitals_gpus')).toBe(28);
    expect(await one('count(gpu_vitals_gpu_info)')).toBe(28);
    expect(await one('sum(gpu_vitals_open_anomalies{severity="critical"})')).toBe(1);
    const [odd] = await prometheus.query('gpu_vitals_last_sample_timestamp_seconds{gpu_uuid="GPU-odd"}');
    expect(odd?.metric.node).toBe(hostile);
    // The join that the ready-made rules are made of.
    const [joined] = await prometheus.query(
      'gpu_vitals_health_score * on (gpu_uuid, gpu_instance, node) group_left (model, rack) gpu_vitals_gpu_info',
    );
    expect(joined?.metric).toMatchObject({ gpu_uuid: 'GPU-00', model: 'H100', rack: 'r1' });
  },
);
