import { censoringCurve, uncensoredAt } from '../../../models/survival/censoring-weights.ts';
import type { Course, LandmarkRows, TitanMemory } from './titan-memory.ts';

/** Rows of one landmark and one horizon that tell something: 1 = failed within it, 0 = watched through it without. */
export interface Outcomes {
  readonly labels: Int8Array;
  /**
   * 0 where nobody knows, because the GPU was taken out before; the others stand for those too: one over the chance of not
   * having been taken out until then.
   */
  readonly weights: Float32Array;
}

/** What became of the GPUs of a landmark within `horizon` days. Reads the memory no further than that. */
export function outcomesOf(rows: LandmarkRows, horizon: number, memory: TitanMemory): Outcomes {
  const until = rows.at + horizon;
  const courses = rows.gpus.map((gpu) => memory.course(gpu, rows.at, until));
  const whole = ({ days, event }: Course): boolean => !event && days >= horizon;
  const curve = censoringCurve({
    // Who was watched through is not taken out at the horizon, but some time after.
    times: Float64Array.from(courses, (course) => (whole(course) ? horizon + 1 : course.days)),
    events: Uint8Array.from(courses, ({ event }) => (event ? 1 : 0)),
  });
  const labels = new Int8Array(courses.length);
  const weights = new Float32Array(courses.length);
  courses.forEach((course, i) => {
    if (course.event) {
      labels[i] = 1;
      weights[i] = 1 / uncensoredAt(curve, course.days);
    } else if (whole(course)) weights[i] = 1 / uncensoredAt(curve, horizon);
  });
  return { labels, weights };
}
