import type { ProcessSample } from './process-sample.ts';
import type { ProcessFigures } from './soak-report.ts';
import { ceilings, floors, medianOf, type Point, settled, type Trend, trendOverLives } from './trend.ts';

const MIB = 1_048_576;
/** Garbage comes and goes faster than this. */
const FLOOR_STRETCH_MS = 60_000;
/** What a process needs to fill its caches and compile its code; shorter lives are skipped by a third. */
const WARM_UP_MAX_MS = 300_000;
const tenth = (value: number): number => Math.round(value * 10) / 10;

export interface ProcessTrends {
  readonly own: Trend;
  readonly heap: Trend | null;
  readonly external: Trend | null;
  readonly resources: Trend | null;
  readonly handles: Trend;
  /** Of a program whose runtime lets its heap become so many times what lives in it: both at their highest; null of others. */
  readonly garbage: { readonly times: number; readonly own_max_bytes: number; readonly live_max_bytes: number } | null;
}

const asPoints = (
  samples: readonly ProcessSample[],
  pick: (sample: ProcessSample) => number | null,
): readonly Point[] =>
  samples.flatMap((sample) => {
    const value = pick(sample);
    return value === null ? [] : [{ t_ms: sample.t_ms, value, life: sample.pid }];
  });

/** How the figures of one process go, without the beginnings of its lives. `duration_ms` is that of the whole soak. */
export function processTrends(
  samples: readonly ProcessSample[],
  duration_ms: number,
  heap_times: number | null = null,
): ProcessTrends {
  const skip_ms = Math.min(WARM_UP_MAX_MS, duration_ms / 10);
  const calm = (pick: (sample: ProcessSample) => number | null) => settled(asPoints(samples, pick), skip_ms);
  const trend = (pick: (sample: ProcessSample) => number | null): Trend =>
    trendOverLives(floors(calm(pick), FLOOR_STRETCH_MS));
  const known = (pick: (sample: ProcessSample) => number | null): Trend | null =>
    samples.some((sample) => pick(sample) !== null) ? trend(pick) : null;
  return {
    own: trend(({ anonymous_bytes }) => anonymous_bytes),
    heap: known(({ heap_bytes }) => heap_bytes),
    external: known(({ external_bytes }) => external_bytes),
    resources: known(({ resources }) => resources),
    // Connections come and go with those at their other end; a leak adds to the most there are.
    handles: trendOverLives(
      ceilings(
        calm(({ handles }) => handles),
        FLOOR_STRETCH_MS,
      ),
    ),
    garbage:
      heap_times === null
        ? null
        : {
            times: heap_times,
            own_max_bytes: Math.max(0, ...samples.map(({ anonymous_bytes }) => anonymous_bytes)),
            live_max_bytes: Math.max(0, ...samples.map(({ heap_bytes }) => heap_bytes ?? 0)),
          },
  };
}

/** For the report. */
export function processFigures(name: string, samples: readonly ProcessSample[], trends: ProcessTrends): ProcessFigures {
  const lives = [...new Set(samples.map(({ pid }) => pid))];
  const inMib = ({ per_hour, low, high }: Trend): readonly [number, number, number] | null =>
    Number.isNaN(per_hour) ? null : [tenth(per_hour / MIB), tenth(low / MIB), tenth(high / MIB)];
  let busy_ms = 0;
  let there_ms = 0;
  for (const pid of lives) {
    const mine = samples.filter((sample) => sample.pid === pid);
    const [first, last] = [mine[0], mine.at(-1)];
    if (first === undefined || last === undefined) continue;
    busy_ms += last.cpu_ms - first.cpu_ms;
    there_ms += last.t_ms - first.t_ms;
  }
  const collections = samples.flatMap(({ collect_max_ms }) => collect_max_ms ?? []);
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  return {
    process: name,
    lives: lives.length,
    rss_mib: tenth(medianOf(samples.map(({ rss_bytes }) => rss_bytes)) / MIB),
    rss_max_mib: tenth(Math.max(...samples.map(({ rss_bytes }) => rss_bytes)) / MIB),
    own_mib: tenth(trends.own.level / MIB),
    own_mib_per_hour: inMib(trends.own),
    heap_mib: trends.heap === null ? null : tenth(trends.heap.level / MIB),
    heap_mib_per_hour: trends.heap === null ? null : inMib(trends.heap),
    external_mib: trends.external === null ? null : tenth(trends.external.level / MIB),
    collect_max_ms: collections.length === 0 ? null : tenth(Math.max(...collections)),
    handles_first: medianOf(samples.slice(0, quarter).map(({ handles }) => handles)),
    handles_last: medianOf(samples.slice(-quarter).map(({ handles }) => handles)),
    threads: medianOf(samples.map(({ threads }) => threads)),
    cores: there_ms === 0 ? 0 : Math.round((busy_ms / there_ms) * 100) / 100,
    course: courseOf(samples),
  };
}

function courseOf(samples: readonly ProcessSample[]): ProcessFigures['course'] {
  const mib = (bytes: number | null | undefined): number | null => (bytes == null ? null : tenth(bytes / MIB));
  const at = new Map(samples.map((sample) => [sample.t_ms, sample]));
  const least = floors(
    asPoints(samples, ({ anonymous_bytes }) => anonymous_bytes),
    FLOOR_STRETCH_MS,
  );
  return least.map(({ t_ms, value }) => {
    const sample = at.get(t_ms);
    return {
      t_s: Math.round(t_ms / 1_000),
      own_mib: tenth(value / MIB),
      committed_mib: mib(sample?.committed_bytes),
      heap_mib: mib(sample?.heap_bytes),
      external_mib: mib(sample?.external_bytes),
    };
  });
}
