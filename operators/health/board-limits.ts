/** Temperatures, C, at which a kind of board begins to slow itself down; null = it has no such sensor. */
export interface BoardLimits {
  readonly gpu_celsius: number;
  readonly memory_celsius: number | null;
  /** Whether a margin of 0 and less can be true: other boards send it for "unsupported". */
  readonly serves_margin: boolean;
}

/**
 * By what the model's name contains, the first that fits: an L4 is no L40, a T4 no T400. They only stand in where the driver
 * does not tell its margin (`temp_margin_celsius`). Our own estimates, on the safe side; no datasheet was consulted for them.
 * Places are kept in snapshots: add at the END.
 */
const BOARDS: readonly (readonly [name: RegExp, limits: BoardLimits])[] = [
  [/GB200(?!\d)/, { gpu_celsius: 87, memory_celsius: 95, serves_margin: true }],
  [/B200(?!\d)/, { gpu_celsius: 87, memory_celsius: 95, serves_margin: true }],
  [/H200(?!\d)/, { gpu_celsius: 87, memory_celsius: 95, serves_margin: true }],
  [/H100(?!\d)/, { gpu_celsius: 87, memory_celsius: 95, serves_margin: true }],
  [/A100(?!\d)/, { gpu_celsius: 89, memory_celsius: 95, serves_margin: false }],
  [/L40S(?!\d)/, { gpu_celsius: 92, memory_celsius: null, serves_margin: true }],
  [/L4(?!\d)/, { gpu_celsius: 85, memory_celsius: null, serves_margin: false }],
  [/V100(?!\d)/, { gpu_celsius: 87, memory_celsius: 85, serves_margin: false }],
  [/T4(?!\d)/, { gpu_celsius: 93, memory_celsius: null, serves_margin: false }],
  [/L40(?!\d)/, { gpu_celsius: 92, memory_celsius: null, serves_margin: true }],
  [/B300(?!\d)/, { gpu_celsius: 87, memory_celsius: 95, serves_margin: true }],
];
const OTHER: BoardLimits = { gpu_celsius: 87, memory_celsius: 95, serves_margin: false };

/** Place of a model in the table, from 1; 0 = none of them. */
export const boardOf = (model: string): number => {
  const name = model.toUpperCase();
  return 1 + BOARDS.findIndex(([known]) => known.test(name));
};

/** Limits of a place in the table. */
export const limitsOf = (board: number): BoardLimits => BOARDS[board - 1]?.[1] ?? OTHER;
