import type { Clock } from '../pipeline/clock.ts';
import type { AssetDesk } from './asset-desk.ts';
import { type FleetGroup, fleetGroups } from './fleet-groups.ts';
import type { BoardDecision, BoardRisk, FleetNow } from './fleet-now.ts';
import type { FleetReading } from './fleet-view.ts';
import { type Grouping, groupMembers } from './group-members.ts';
import { keptAnswer } from './kept-answer.ts';

export type Outlook = Pick<
  FleetGroup,
  'expected_failures_7d' | 'expected_failures_30d' | 'expected_value_usd' | 'value_at_risk_usd_per_hour'
>;

export interface FleetOutlook {
  /** Of the whole fleet; the same object for as long as it says the same. */
  total(): Outlook;
  /** By group; where people put a GPU is not known while the database is away. */
  groups(grouping: Grouping): Promise<readonly FleetGroup[]>;
}

const INVENTORY = { age_ms: 2_000, kept_ms: 300_000 };
const GROUPS_AGE_MS = 1_000;

/** What is to be expected of the fleet, and the fleet by group. */
export function fleetOutlook(parts: {
  readonly clock: Clock;
  readonly view: FleetReading;
  readonly assets: Pick<AssetDesk, 'all'>;
  readonly now: FleetNow;
}): FleetOutlook {
  const { clock, view, now } = parts;
  const inventory = keptAnswer(
    clock,
    INVENTORY,
    async () => new Map((await parts.assets.all()).map((asset) => [asset.gpu_uuid, asset])),
  );
  const made = new Map<Grouping, { readonly at: number; readonly groups: FleetGroup[] }>();
  let last: { readonly of: readonly unknown[]; readonly outlook: Outlook } | null = null;

  return {
    total() {
      const [risks, decisions] = [now.risks(), now.decisions()];
      if (last?.of[0] !== risks || last.of[1] !== decisions) {
        last = { of: [risks, decisions], outlook: outlookOf(risks, decisions) };
      }
      return last.outlook;
    },
    async groups(grouping) {
      const assets = await inventory.first();
      const at = clock.monotonic();
      const before = made.get(grouping);
      if (before !== undefined && at - before.at < GROUPS_AGE_MS) return before.groups;
      const verdicts = { health: now.scores(), predictions: now.risks(), decisions: now.decisions() };
      const groups = fleetGroups(groupMembers(view, assets ?? new Map(), grouping), view.nodeAnomalies(), verdicts);
      made.set(grouping, { at, groups });
      return groups;
    },
  };
}

/** Sums over boards; the risk of one is that of its most likely instance. */
function outlookOf(risks: readonly BoardRisk[], decisions: readonly BoardDecision[]): Outlook {
  const boards = new Map<string, { readonly p7: number; readonly p30: number }>();
  for (const { gpu_uuid, failure_prob_7d, failure_prob_30d } of risks) {
    const other = boards.get(gpu_uuid);
    const p7 = Math.max(failure_prob_7d, other?.p7 ?? 0);
    boards.set(gpu_uuid, { p7, p30: Math.max(failure_prob_30d, other?.p30 ?? 0) });
  }
  const sum = <T>(of: Iterable<T>, value: (one: T) => number): number | null => {
    let total: number | null = null;
    for (const one of of) total = (total ?? 0) + value(one);
    return total;
  };
  return {
    expected_failures_7d: sum(boards.values(), ({ p7 }) => p7),
    expected_failures_30d: sum(boards.values(), ({ p30 }) => p30),
    expected_value_usd: sum(decisions, ({ expected_value }) => expected_value),
    value_at_risk_usd_per_hour: sum(decisions, (one) => one.value_at_risk_usd_per_hour),
  };
}
