import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeScrape } from '../../pipeline/contract/wire.ts';
import { createFleet } from './fleet.ts';
import type { FleetThreadOptions, FromFleetThread, ToFleetThread } from './fleet-messages.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleet-thread-'));
  await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      ssr: fileURLToPath(new URL('./fleet-thread.ts', import.meta.url)),
      outDir: folder,
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: 'thread.mjs' } },
    },
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const START = Date.UTC(2026, 2, 2);
const options: FleetThreadOptions = {
  fleet: { gpus: 64, seed: 4, start_ms: START, interval_ms: 10_000 },
  port: 0,
  speed: 60,
  interval_ms: 10_000,
  history: { step_ms: 120_000, to_ms: START + 24 * 3_600_000 },
  live_from_ms: null,
};

describe('the fleet thread', () => {
  it('gives the past with back-pressure, then serves where it ended, and takes orders', async () => {
    const worker = new Worker(join(folder, 'thread.mjs'), { workerData: options });
    const tell = (message: ToFleetThread): void => worker.postMessage(message);
    const inbox: FromFleetThread[] = [];
    let notify: () => void = () => undefined;
    worker.on('message', (message: FromFleetThread) => {
      inbox.push(message);
      notify();
    });
    const next = async (): Promise<FromFleetThread> => {
      while (inbox.length === 0)
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      return inbox.shift() as FromFleetThread;
    };
    try {
      const fleet = createFleet(options.fleet);
      let last_ts = 0;
      let rows = 0;
      let unanswered = 0;
      let message = await next();
      for (; message.type === 'history'; message = await next()) {
        unanswered++;
        expect(unanswered + inbox.length).toBeLessThanOrEqual(2);
        for (const { node, ts, data, ...count } of message.messages) {
          expect(ts).toBeGreaterThanOrEqual(last_ts);
          last_ts = ts;
          rows += count.rows;
          expect(decodeScrape(data)).toEqual(fleet.scrape(node, ts));
        }
        tell({ type: 'more' });
        unanswered--;
      }
      expect(last_ts).toBe(START + 24 * 3_600_000 - 120_000);
      expect(rows).toBeGreaterThan(64 * 700);
      expect(message.type).toBe('ready');
      if (message.type !== 'ready') return;

      const list = (await (await fetch(message.sd_url)).json()) as {
        targets: string[];
        labels: Record<string, string>;
      }[];
      const target = list[0];
      const page = await (await fetch(`http://${target?.targets[0]}${target?.labels.__metrics_path__}`)).text();
      const stamp = Number(/ (\d{13})\n/.exec(page)?.[1]);
      expect(stamp).toBeGreaterThan(last_ts);
      expect(stamp).toBeLessThan(last_ts + 3_600_000);

      tell({ type: 'inject', id: 7, story: 'temp_stuck', gpu_uuid: fleet.gpuUuids()[0] as string });
      expect(await next()).toMatchObject({ type: 'injected', id: 7, truth: { story: 'temp_stuck', fault: true } });
      tell({ type: 'inject', id: 8, story: 'nothing', gpu_uuid: 'x' });
      expect(await next()).toMatchObject({ type: 'refused', id: 8, error: { code: 'GV-CLI-001' } });
      tell({ type: 'truth', id: 9 });
      const told = await next();
      expect(told.type === 'truth' && told.truth.some((story) => story.story === 'temp_stuck')).toBe(true);
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      tell({ type: 'close' });
      expect(await ended).toBe(0);
    } finally {
      await worker.terminate();
    }
  });
});
