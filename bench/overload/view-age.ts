/** How long ago the engine was where a view is now. */
export interface ViewAge {
  /** The engine told of a watermark, epoch ms, at `at` ms by a steady clock. */
  told(watermark: number, at: number): void;
  /** At the last such word, ms: how long before it the engine had been where the view stood then; 0 when that was not before. */
  age(view_ts: number): number;
}

/**
 * Event time passes faster than time while the engine catches up, and hardly at all while it waits, so an age in one is none in the
 * other, and no pace of the moment turns it into one: what counts is when the engine passed the instant that the view shows.
 */
export function viewAge(): ViewAge {
  const words: { readonly watermark: number; readonly at: number }[] = [];
  return {
    told(watermark, at) {
      words.push({ watermark, at });
    },
    age(view_ts) {
      const last = words.at(-1);
      if (last === undefined || view_ts >= last.watermark) return 0;
      const after = words.findIndex((one) => one.watermark > view_ts);
      const [before, next] = [words[after - 1], words[after] ?? last];
      if (before === undefined) return last.at - next.at;
      const share = (view_ts - before.watermark) / (next.watermark - before.watermark);
      return last.at - (before.at + share * (next.at - before.at));
    },
  };
}
