/** Temperatures, C, at which a kind of board begins to slow itself down; null = it has no such sensor. */
export interface BoardLimits {
  readonly gpu_celsius: number;
  readonly memory_celsius: number | null;
}

/**
 * By what the model's name contains, the first that fits. They only stand in where the driver does not tell its margin
 * (`temp_margin_celsius`). Our own estimates, on the safe side; no datasheet was consulted for them.
 */
const BOARDS: readonly (readonly [text: string, limits: BoardLimits])[] = [
  ['GB200', { gpu_celsius: 87, memory_celsius: 95 }],
  ['B200', { gpu_celsius: 87, memory_celsius: 95 }],
  ['H200', { gpu_celsius: 87, memory_celsius: 95 }],
  ['H100', { gpu_celsius: 87, memory_celsius: 95 }],
  ['A100', { gpu_celsius: 89, memory_celsius: 95 }],
  ['L40S', { gpu_celsius: 92, memory_celsius: null }],
  ['L4', { gpu_celsius: 85, memory_celsius: null }],
  ['V100', { gpu_celsius: 87, memory_celsius: 85 }],
  ['T4', { gpu_celsius: 93, memory_celsius: null }],
];
const OTHER: BoardLimits = { gpu_celsius: 87, memory_celsius: 95 };

/** Place of a model in the table, from 1; 0 = none of them. */
export const boardOf = (model: string): number => {
  const name = model.toUpperCase();
  return 1 + BOARDS.findIndex(([text]) => name.includes(text));
};

/** Limits of a place in the table. */
export const limitsOf = (board: number): BoardLimits => BOARDS[board - 1]?.[1] ?? OTHER;
