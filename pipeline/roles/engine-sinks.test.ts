import { expect, it, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { listen } from '../collect/scraper.fixture.ts';
import { loadConfig } from '../config.ts';
import type { Bus, OutgoingMessage } from '../contract/bus.ts';
import type { Sink } from '../contract/ports.ts';
import { engineSinks } from './engine-sinks.ts';

const TS = 1_767_225_600_000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it.each(['gpu_assets', 'incidents', 'gpu_forecasts', 'fleet_quantiles'] as const)(
  'rows of %s are safe when what the database refuses of them lies among the dead letters',
  async (table) => {
    const { address } = await listen((request, response) => {
      request.resume();
      request.on('end', () => response.writeHead(400).end('{"message":"no such type"}'));
    });
    const published: { readonly message: OutgoingMessage; readonly stored: () => void }[] = [];
    const bus = {
      connected: true,
      publish: () => undefined,
      flush: async () => undefined,
      streamState: async () => ({ messages: 0, first_position: 1 }),
      publisher: () => ({
        publish: (message: OutgoingMessage) =>
          new Promise<void>((stored) => {
            published.push({ message, stored });
          }),
        pressure: () => null,
        close: async () => undefined,
      }),
    } as unknown as Bus;
    const { makers } = engineSinks({
      config: loadConfig({ file: 'none.yaml', file_required: false, environment: {}, flags: {} }).values,
      bus,
      questdb_http: `http://${address}`,
      worker: 'a',
      clock: systemClock,
      say: () => undefined,
      tell: () => undefined,
    });
    const rows = makers[table]() as Sink<object>;
    const letters = makers.dead_letters();
    rows.write({ ts: TS, gpu_uuid: 'GPU-1', node: 'node-1' });
    let safe = false;
    const flushing = Promise.all([rows.flush(), letters.flush()]).then(() => {
      safe = true;
    });
    await vi.waitFor(() => expect(published).toHaveLength(1));
    expect(published[0]?.message.subject).toMatch(/^dcgm\.invalid\.refused_by_database\./);
    for (let turns = 0; turns < 10; turns++) await turn();
    expect(safe).toBe(false);
    published[0]?.stored();
    await flushing;
    await rows.close();
    await letters.close();
  },
);
