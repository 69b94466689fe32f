import type { Clock } from '../pipeline/clock.ts';

/**
 * One reading for all who ask the same within `age_ms`, also while it is under way. At most `kept_max` are remembered, the
 * oldest goes first. A failure is told to who waits for it and remembered for nobody.
 */
export function sharedAnswers<T>(
  clock: Pick<Clock, 'monotonic'>,
  options: { readonly age_ms: number; readonly kept_max: number },
): (question: string, read: () => Promise<T>) => Promise<T> {
  const known = new Map<string, { readonly answer: Promise<T>; readonly at: number }>();
  return (question, read) => {
    const now = clock.monotonic();
    const last = known.get(question);
    if (last !== undefined && now - last.at < options.age_ms) return last.answer;
    const one = { answer: read(), at: now };
    known.delete(question);
    known.set(question, one);
    one.answer.catch(() => {
      if (known.get(question) === one) known.delete(question);
    });
    for (const oldest of known.keys()) {
      if (known.size <= options.kept_max) break;
      known.delete(oldest);
    }
    return one.answer;
  };
}
