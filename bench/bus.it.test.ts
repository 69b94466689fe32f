import { expect, it } from 'vitest';
import { startTestServices } from '../deploy/services/services.fixture.ts';
import { connectBus } from '../pipeline/bus/connect-bus.ts';
import { ensureStreams } from '../pipeline/bus/ensure-streams.ts';
import { systemClock } from '../pipeline/clock.ts';
import { benchBus } from './bus.ts';

it('measures publishing, reading and latency', async () => {
  const services = await startTestServices({ nats: true });
  const bus = await connectBus({ servers: services.nats_url, name: 'bench', clock: systemClock });
  try {
    await ensureStreams(bus);
    const result = await benchBus({ bus, messages: 3_000, bytes: 2_000, nodes: 50 });
    expect(result.publish_per_s).toBeGreaterThan(500);
    expect(result.read_per_s).toBeGreaterThan(500);
    expect(result.read_batch).toBeGreaterThanOrEqual(1);
    expect(result.latency_p50_ms).toBeLessThan(100);
    expect(result.latency_p99_ms).toBeGreaterThanOrEqual(result.latency_p50_ms);
  } finally {
    await bus.close();
    await services.stop();
  }
});
