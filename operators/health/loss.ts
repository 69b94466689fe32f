import { DIMENSIONS, type Dimension, type HealthContribution } from '../../pipeline/contract/events.ts';

/** Points that one finding costs one dimension. */
export interface Loss extends HealthContribution {
  readonly dimension: Dimension;
  /** What is behind it: of several findings of one cause only the dearest counts in a dimension. */
  readonly cause: string;
  /** Degradation factor that it stands for; empty for none. */
  readonly factor: string;
  /** Whether it proves that the dimension was looked at, even where its readings are missing. */
  readonly proves: boolean;
}

const FULL_TENTHS = 1_000;

/**
 * What counts of all findings: per dimension and cause the dearest, in whole tenths of a point, scaled down to 100 where a
 * dimension would lose more, so that the points of a dimension add up to what it lost. Dearest first within a dimension.
 */
export function settle(losses: readonly Loss[]): readonly Loss[] {
  return DIMENSIONS.flatMap((dimension) => {
    const dearest = new Map<string, Loss>();
    for (const loss of losses) {
      if (loss.dimension !== dimension || Math.round(loss.points * 10) < 1) continue;
      const known = dearest.get(loss.cause);
      if (!known || loss.points > known.points) dearest.set(loss.cause, loss);
    }
    const kept = [...dearest.values()].sort((a, b) => b.points - a.points || (a.cause < b.cause ? -1 : 1));
    return share(kept);
  });
}

function share(losses: readonly Loss[]): readonly Loss[] {
  const tenths = losses.map(({ points }) => Math.round(points * 10));
  const sum = tenths.reduce((total, each) => total + each, 0);
  if (sum <= FULL_TENTHS) return losses.map((loss, i) => ({ ...loss, points: (tenths[i] as number) / 10 }));
  let before = 0;
  let given = 0;
  return losses.flatMap((loss, i) => {
    before += tenths[i] as number;
    const until = Math.round((before / sum) * FULL_TENTHS);
    const points = (until - given) / 10;
    given = until;
    return points === 0 ? [] : [{ ...loss, points }];
  });
}

/** Points that a dimension lost, exact to the tenth. */
export const lostBy = (settled: readonly Loss[], dimension: Dimension): number =>
  settled.reduce((tenths, loss) => (loss.dimension === dimension ? tenths + Math.round(loss.points * 10) : tenths), 0) /
  10;
