const EULER_GAMMA = 0.577_215_664_901_532_9;

/**
 * c(n): the mean depth at which a search in a random binary tree of n rows ends, which is what an unsplit leaf of n rows
 * still adds to a path. 0 up to one row, 1 for two.
 * Source   Liu, Ting, Zhou 2008, eq. 1, with H(i) = ln i + 0.5772...
 */
export function averagePathLength(rows: number): number {
  if (rows <= 1) return 0;
  if (rows === 2) return 1;
  return 2 * (Math.log(rows - 1) + EULER_GAMMA) - (2 * (rows - 1)) / rows;
}
