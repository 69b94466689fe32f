import { expect, it } from 'vitest';
import { systemClock } from '../pipeline/clock.ts';
import { startLive } from '../server/start-live.ts';
import { memoryBus } from '../sinks/live/memory-bus.fixture.ts';
import { benchFrames, benchLive } from './live.ts';

it('measures what a row costs on its way to the read side', () => {
  const figures = benchFrames({ nodes: 8, seconds: 0.02 });
  expect(figures.rows).toBe(64);
  expect(figures.bytes_per_row).toBeGreaterThan(25 * 8);
  for (const us of [figures.write_us, figures.read_us, figures.summary_text_us]) expect(us).toBeGreaterThan(0);
});

it('measures the way from the engine to a client', async () => {
  const bus = memoryBus();
  const live = await startLive({ bus, database: null, clock: systemClock, host: '127.0.0.1', port: 0 });
  try {
    const figures = await benchLive({ bus, live_url: live.url, nodes: 4, clients: 2, rows_per_s: 800, seconds: 0.3 });
    // Less than all is no loss: two scrapes of a node within a rest are conflated.
    expect(figures.seen).toBeGreaterThan(0.5);
    expect(figures.deltas).toBeGreaterThan(0);
    expect(figures.p99_ms).toBeGreaterThanOrEqual(figures.p50_ms);
  } finally {
    await live.close();
  }
});
