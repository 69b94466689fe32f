import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../pipeline/clock.ts';
import { encodeScrape } from '../../pipeline/contract/encode-scrape.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { createFleet } from './fleet.ts';
import type { FleetThreadOptions, FromFleetThread, HistoryMessage, ToFleetThread } from './fleet-messages.ts';
import { history } from './history.ts';
import { type ServedFleet, serveFleet } from './serve-fleet.ts';

/** Scrapes in one message. */
const STRETCH = 512;

/**
 * Entry of the thread that runs a simulated fleet beside the engine: first the past, as messages that wait for `more` once
 * two stretches are on their way, then one HTTP server for all nodes. The fleet's live time continues where the past ended.
 */
const port = parentPort;
if (port) await run(workerData as FleetThreadOptions, port);

async function run(options: FleetThreadOptions, parent: NonNullable<typeof parentPort>): Promise<void> {
  const fleet = createFleet(options.fleet);
  const tell = (message: FromFleetThread, transfer: ArrayBuffer[] = []): void => parent.postMessage(message, transfer);
  let served: ServedFleet | null = null;
  let closed = false;
  let room = 2;
  let wake: () => void = () => undefined;

  parent.on('message', (message: ToFleetThread) => {
    switch (message.type) {
      case 'more':
        room++;
        wake();
        break;
      case 'inject':
        try {
          const now_ms = served?.now() ?? systemClock.now();
          tell({ type: 'injected', id: message.id, truth: fleet.inject(message.story, message.gpu_uuid, now_ms) });
        } catch (failure) {
          if (!(failure instanceof VitalsError)) throw failure;
          tell({ type: 'refused', id: message.id, error: failure.toJSON() });
        }
        break;
      case 'truth':
        tell({ type: 'truth', id: message.id, truth: fleet.truth() });
        break;
      case 'close':
        closed = true;
        wake();
        parent.close();
        served?.close();
        break;
    }
  });

  const send = async (messages: HistoryMessage[], done: number, total: number, next_ms: number): Promise<void> => {
    while (room === 0 && !closed) await new Promise<void>((resolve) => (wake = resolve));
    room--;
    tell(
      { type: 'history', messages, done, total, next_ms },
      messages.map((message) => message.data.buffer as ArrayBuffer),
    );
  };

  let live_from_ms = options.fleet.start_ms;
  if (options.history) {
    const { step_ms, resume_ms = 0 } = options.history;
    const until = (): number => options.history?.to_ms ?? systemClock.now();
    // Back-filling takes time, in which the present moves on: the past ends where less than a step is missing.
    let done = 0;
    for (;;) {
      const to_ms = until();
      const total = done + Math.max(0, Math.ceil((to_ms - live_from_ms) / step_ms));
      let pending: HistoryMessage[] = [];
      let next_ms = live_from_ms;
      for await (const instant of history(fleet, live_from_ms, to_ms, step_ms)) {
        if (closed) return;
        done++;
        for (const scrape of instant) {
          const { node, ts, boot_epoch, sequence } = scrape;
          if (ts < resume_ms) continue;
          next_ms = ts + step_ms;
          pending.push({ node, ts, boot_epoch, sequence, rows: scrape.gpus.length, data: encodeScrape(scrape) });
        }
        if (pending.length >= STRETCH) {
          await send(pending, done, total, next_ms);
          pending = [];
        }
      }
      if (pending.length > 0) await send(pending, done, total, next_ms);
      live_from_ms += Math.max(0, Math.ceil((to_ms - live_from_ms) / step_ms)) * step_ms;
      if (options.history.to_ms !== undefined || until() - live_from_ms < step_ms) break;
    }
  }
  if (closed) return;
  const { speed, interval_ms } = options;
  const wall_ms = systemClock.now();
  const caught_up = Math.abs(wall_ms - live_from_ms) < (options.history?.step_ms ?? 0) + 1;
  const from_ms = options.history ? (caught_up ? wall_ms : live_from_ms) : (options.live_from_ms ?? wall_ms);
  served = await serveFleet(fleet, {
    port: options.port,
    clock: systemClock,
    speed,
    interval_ms,
    host: '127.0.0.1',
    from_ms,
  });
  tell({ type: 'ready', url: served.url, sd_url: served.sd_url, live_from_ms: from_ms });
}
