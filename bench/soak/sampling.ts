import { cpus } from 'node:os';
import type { Clock } from '../../pipeline/clock.ts';
import type { EngineNews } from './engine-news.ts';
import type { LiveWatch } from './live-watch.ts';
import { type ProcessSample, sampleProcess } from './process-sample.ts';
import type { FaultRun, SoakWindow } from './soak-report.ts';

export interface SamplingOptions {
  readonly clock: Clock;
  readonly elapsed: () => number;
  /** Processes by name; null while one does not run. */
  readonly pids: () => Readonly<Record<string, number | null>>;
  readonly probe_dir: string;
  /** Live heaps of programs that are not ours and tell, by their names; null while one does not. */
  readonly heaps: () => Readonly<Record<string, number | null>>;
  readonly watch: LiveWatch;
  readonly news: EngineNews;
  /** Rows served so far. */
  readonly rows: () => Promise<number>;
  readonly say: (line: string) => void;
}

export interface Sampling {
  readonly processes: ProcessSample[];
  /** Whether they were calm is known when it is known how the faults went. */
  windows(faults: readonly FaultRun[]): SoakWindow[];
  stop(): Promise<void>;
}

const SAMPLE_MS = 1_000;
const PROCESSES_EVERY = 5;
/** Length of a window. */
export const WINDOW_MS = 10_000;
const WINDOWS_A_LINE = 6;
/** After rows are fresh again, until latencies count. */
const NOT_FRESH_MS = 60_000;
const CALM_AFTER_MS = 5_000;

/** Looks at processes every five seconds and sums up every ten. */
export function startSampling(options: SamplingOptions): Sampling {
  const { clock, elapsed, watch, news } = options;
  const processes: ProcessSample[] = [];
  const windows: Omit<SoakWindow, 'calm'>[] = [];
  let lag_max = 0;
  let window = 0;
  let rows_before = 0;
  let ticks = 0;
  let closing = false;
  let cpu = cpuTimes();
  let work: Promise<void> = options.rows().then((rows) => {
    rows_before = rows;
    watch.take();
  });

  const closeWindow = async (): Promise<void> => {
    const t_ms = window * WINDOW_MS;
    window = Math.floor(elapsed() / WINDOW_MS);
    const rows = await options.rows();
    const now = cpuTimes();
    const figures = watch.take();
    windows.push({
      ...figures,
      t_ms,
      rows: rows - rows_before,
      lag_messages_max: lag_max,
      cpu_share: (now.busy - cpu.busy) / Math.max(1, now.all - cpu.all),
    });
    if (windows.length % WINDOWS_A_LINE === 0) {
      options.say(
        `${Math.round(elapsed() / 1_000)} s: ${Math.round(((rows - rows_before) / WINDOW_MS) * 1_000)} rows/s, ` +
          `p50 ${Math.round(figures.p50_ms)} ms, p99 ${Math.round(figures.p99_ms)} ms, lag at most ${lag_max} messages`,
      );
    }
    [rows_before, cpu, lag_max] = [rows, now, 0];
  };
  const look = (): void => {
    const heaps = options.heaps();
    for (const [process, pid] of Object.entries(options.pids())) {
      if (pid === null) continue;
      const sample = sampleProcess({
        process,
        pid,
        t_ms: elapsed(),
        now: clock.now(),
        probe_dir: options.probe_dir,
      });
      if (sample !== null) processes.push({ ...sample, heap_bytes: sample.heap_bytes ?? heaps[process] ?? null });
    }
  };
  const timer = setInterval(() => {
    lag_max = Math.max(lag_max, news.last?.lag_messages ?? 0);
    if (ticks++ % PROCESSES_EVERY === 0) look();
    if (closing || Math.floor(elapsed() / WINDOW_MS) <= window) return;
    closing = true;
    work = work.then(closeWindow).finally(() => {
      closing = false;
    });
  }, SAMPLE_MS);

  return {
    processes,
    windows: (faults) =>
      windows.map((one) => ({
        ...one,
        calm: !faults.some(
          ({ struck_ms, recovered_ms, back_ms }) =>
            struck_ms < one.t_ms + WINDOW_MS &&
            (recovered_ms === null ? back_ms + NOT_FRESH_MS : recovered_ms) + CALM_AFTER_MS > one.t_ms,
        ),
      })),
    async stop() {
      clearInterval(timer);
      await work;
      if (elapsed() - window * WINDOW_MS > WINDOW_MS / 2) await closeWindow();
    },
  };
}

function cpuTimes(): { busy: number; all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.idle + times.irq;
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}
