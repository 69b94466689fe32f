import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '../../pipeline/clock.ts';
import { type InputTick, TICKS_A_BODY } from './chaos-input.ts';

export interface ScriptedExporterOptions {
  readonly ticks: readonly InputTick[];
  /** What is to be done between two ticks, once all before is stored; null when nothing is. */
  readonly before: (tick: number) => Promise<void> | null;
  /**
   * Whether the last body was taken cannot be told: resolves when all pages before this place, counted from the first
   * page on, lie in the stream. Those before `kept` were with the collector for so long that nothing may lose them.
   */
  readonly unsure: (pages: number, kept: number) => Promise<void>;
}

/**
 * What a collector has not handed over for so long is on its disk (DURABILITY.md), and this is how long one may take to read a
 * body of this size on a busy machine; together less than between two scrapes.
 */
const HANDED_OVER_MS = 250 + 150;
const NOTHING_YET = 'DCGM_FI_DEV_CPU_UTIL_TOTAL{cpu="0",Hostname="chaos"} 0\n';

export interface ScriptedExporter {
  readonly port: number;
  /** The tick that is told next. */
  readonly tick: () => number;
  close(): Promise<void>;
}

/**
 * An exporter of a whole fleet whose time moves on only when a body was taken: every run tells the same, however often the
 * collector dies. A body was taken when its connection asks again; when another connection does, nobody knows, and nothing
 * more is told until it is found out. Meanwhile, and at the end, its page is one of a machine without GPUs: of an error the
 * collector would send word, with a time that is another one in every run.
 */
export async function scriptedExporter(options: ScriptedExporterOptions): Promise<ScriptedExporter> {
  const { ticks } = options;
  let tick = 0;
  let pages = 0;
  let kept = 0;
  let told_at = 0;
  let busy = false;
  let prepared = -1;
  let told: Socket | null = null;

  const wait = (work: Promise<void>, then: () => void): void => {
    busy = true;
    void work.then(() => {
      then();
      busy = false;
    });
  };

  function answer(socket: Socket, response: ServerResponse): void {
    if (told === socket && systemClock.monotonic() - told_at >= HANDED_OVER_MS) kept = pages;
    if (!busy && told !== null && told !== socket) {
      wait(options.unsure(pages, kept), () => {
        told = null;
        kept = pages;
      });
    }
    if (!busy && tick < ticks.length && prepared < tick) {
      const work = options.before(tick);
      if (work === null) prepared = tick;
      else {
        wait(work, () => {
          prepared = tick;
        });
      }
    }
    if (busy || tick >= ticks.length) {
      response.end(NOTHING_YET);
      return;
    }
    const body = ticks.slice(tick, tick + TICKS_A_BODY).flatMap((one) => one.pages);
    told_at = systemClock.monotonic();
    tick += TICKS_A_BODY;
    pages += body.length;
    told = socket;
    response.end(body.map(({ text }) => text).join(''));
  }

  const server = createServer((request, response) => answer(request.socket, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    tick: () => tick,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
