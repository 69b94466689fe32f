import { wander } from './random.ts';

const DAY_MS = 86_400_000;

/** Where a node stands. */
export interface RackPosition {
  readonly rack: number;
  /** 0 bottom .. 1 top: air that has passed other machines rises. */
  readonly height: number;
}

/** Air in front of a node, C: the hall's set point, the rack's place in the hall, its height, the hour and the weather. */
export function inletCelsius(seed: number, position: RackPosition, ts_ms: number): number {
  const day = ts_ms / DAY_MS;
  const hour_wave = Math.sin((day - Math.floor(day) - 0.375) * 2 * Math.PI);
  const weather = wander(seed ^ 0x51ed, day) - 0.5;
  const place = wander(seed ^ 0x7ac3, position.rack * 0.61) - 0.5;
  return 20.5 + 2.4 * place + 1.6 * position.height + 1.3 * hour_wave + 2 * weather;
}
