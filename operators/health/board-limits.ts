import { type ThermalLimits, thermalLimitsOf } from '../conditions/thermal-limits.ts';

/** Temperatures, C, at which a kind of board begins to slow itself down; null = it has no such sensor. */
export interface BoardLimits {
  readonly gpu_celsius: number;
  readonly memory_celsius: number | null;
  /** By which its margin is believed. */
  readonly thermal: ThermalLimits;
}

const board = (model: string, gpu_celsius: number, memory_celsius: number | null): readonly [RegExp, BoardLimits] => [
  new RegExp(`${model}(?!\\d)`),
  { gpu_celsius, memory_celsius, thermal: thermalLimitsOf(model) },
];

/**
 * By what the model's name contains, the first that fits: an L4 is no L40, a T4 no T400. They only stand in where the driver
 * does not tell its margin (`temp_margin_celsius`). Our own estimates, on the safe side; no datasheet was consulted for them.
 * Places are kept in snapshots: add at the END.
 */
const BOARDS: readonly (readonly [name: RegExp, limits: BoardLimits])[] = [
  board('GB200', 87, 95),
  board('B200', 87, 95),
  board('H200', 87, 95),
  board('H100', 87, 95),
  board('A100', 89, 95),
  board('L40S', 92, null),
  board('L4', 85, null),
  board('V100', 87, 85),
  board('T4', 93, null),
  board('L40', 92, null),
  board('B300', 87, 95),
];
const OTHER: BoardLimits = { gpu_celsius: 87, memory_celsius: 95, thermal: thermalLimitsOf('') };

/** Place of a model in the table, from 1; 0 = none of them. */
export const boardOf = (model: string): number => {
  const name = model.toUpperCase();
  return 1 + BOARDS.findIndex(([known]) => known.test(name));
};

/** Limits of a place in the table. */
export const limitsOf = (board: number): BoardLimits => BOARDS[board - 1]?.[1] ?? OTHER;
