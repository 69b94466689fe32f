import { DAYS_PER_MONTH } from './failure-hazard.ts';
import type { ModelPrices } from './price-book.ts';
import { SOLD_GRADES } from './price-book-schema.ts';

/** Middle of each grade's scores, best first. */
const GRADE_MIDDLES = [95, 85, 75, 65, 55, 25] as const;

/** Straight lines between points of rising x, level beyond both ends. */
export function interpolate(points: readonly (readonly [x: number, y: number])[], x: number): number {
  let before = points[0] as readonly [number, number];
  if (x <= before[0]) return before[1];
  for (let i = 1; i < points.length; i++) {
    const point = points[i] as readonly [number, number];
    if (x <= point[0]) return before[1] + ((point[1] - before[1]) * (x - before[0])) / (point[0] - before[0]);
    before = point;
  }
  return before[1];
}

/** Share that health leaves: that of its grade in the grade's middle, straight between the middles of two. */
export function gradeShare(prices: ModelPrices, health: number): number {
  const grades = prices.residual_by_grade;
  let grade = 0;
  while (grade < GRADE_MIDDLES.length && health < (GRADE_MIDDLES[grade] as number)) grade++;
  const above = grades[SOLD_GRADES[Math.max(0, grade - 1)] ?? 'critical'];
  if (grade === 0 || grade === GRADE_MIDDLES.length) return above;
  const share = grades[SOLD_GRADES[grade] ?? 'critical'];
  const [low, high] = [GRADE_MIDDLES[grade] as number, GRADE_MIDDLES[grade - 1] as number];
  return share + ((above - share) * (health - low)) / (high - low);
}

/** Share that age leaves. */
export const ageShare = (prices: ModelPrices, age_days: number): number =>
  interpolate(prices.residual_by_age_months, age_days / DAYS_PER_MONTH);
