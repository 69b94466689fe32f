import type { GpuFates, PredictionColumns } from './outcomes.ts';

export const DAY_MS = 86_400_000;
export const T0 = Date.UTC(2026, 0, 1);
/** Noon of the n-th day. */
export const noon = (day: number): number => T0 + (day + 0.5) * DAY_MS;

/** mulberry32: 0 <= x < 1. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function columnsOf(rows: readonly (readonly [day: number, gpu: number, p: number])[]): PredictionColumns {
  return {
    ts: Float64Array.from(rows, ([day]) => noon(day)),
    gpu: Uint32Array.from(rows, ([, gpu]) => gpu),
    p: Float64Array.from(rows, ([, , p]) => p),
  };
}

/** Failures by day, by GPU; retirements and last predictions by day. */
export function fatesOf(
  gpus: number,
  failures: Readonly<Record<number, readonly number[]>> = {},
  retired: Readonly<Record<number, number>> = {},
  seen: Readonly<Record<number, number>> = {},
): GpuFates {
  const instants = (days: Readonly<Record<number, number>>): Float64Array =>
    Float64Array.from({ length: gpus }, (_, gpu) => T0 + (days[gpu] ?? Number.NaN) * DAY_MS);
  return {
    failures: Array.from({ length: gpus }, (_, gpu) => (failures[gpu] ?? []).map((day) => T0 + day * DAY_MS)),
    retired_at: instants(retired),
    last_seen: instants(seen),
  };
}

/**
 * A fleet whose hazard follows a risk of its own, with a prediction a day that is `wrong` times that risk's chance: what is
 * true is known, so figures can be compared with it.
 */
export function drawnFleet(options: {
  readonly gpus: number;
  readonly days: number;
  readonly horizon_days: number;
  readonly seed: number;
  readonly factor?: (day: number) => number;
}): { columns: PredictionColumns; fates: GpuFates } {
  const random = randomOf(options.seed);
  const hazard = Array.from({ length: options.gpus }, () => 0.0005 + 0.02 * random() ** 6);
  const failures: number[][] = hazard.map(() => []);
  const rows: [number, number, number][] = [];
  for (let day = 0; day < options.days; day++) {
    hazard.forEach((h, gpu) => {
      const chance = 1 - Math.exp(-h * options.horizon_days);
      rows.push([day, gpu, Math.min(0.99, chance * (options.factor?.(day) ?? 1))]);
    });
  }
  for (let day = 0; day < options.days; day++) {
    hazard.forEach((h, gpu) => {
      if (random() < 1 - Math.exp(-h)) failures[gpu]?.push(day + random());
    });
  }
  return { columns: columnsOf(rows), fates: fatesOf(options.gpus, { ...failures }) };
}
