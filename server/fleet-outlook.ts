import type { Clock } from '../pipeline/clock.ts';
import type { Database } from '../pipeline/contract/database.ts';
import { currentHealth } from '../sinks/questdb/read-current-health.ts';
import type { AssetDesk } from './asset-desk.ts';
import { type FleetGroup, fleetGroups, type GroupVerdicts } from './fleet-groups.ts';
import type { FleetNow } from './fleet-now.ts';
import type { FleetReading } from './fleet-view.ts';
import { type Grouping, groupMembers } from './group-members.ts';
import { keptAnswer } from './kept-answer.ts';

export type Outlook = Pick<
  FleetGroup,
  'expected_failures_7d' | 'expected_failures_30d' | 'expected_value_usd' | 'value_at_risk_usd_per_hour'
>;

export interface FleetOutlook {
  /** Of the whole fleet, at once: nothing while it is not known. */
  total(): Outlook;
  /** By group. Without verdicts and inventory while the database is away. */
  groups(grouping: Grouping): Promise<readonly FleetGroup[]>;
}

const VERDICTS = { age_ms: 10_000, kept_ms: 300_000 };
const INVENTORY = { age_ms: 2_000, kept_ms: 300_000 };
const GROUPS_AGE_MS = 1_000;
const NOTHING: GroupVerdicts = { health: [], predictions: [], decisions: [] };
const NO_OUTLOOK: Outlook = {
  expected_failures_7d: null,
  expected_failures_30d: null,
  expected_value_usd: null,
  value_at_risk_usd_per_hour: null,
};

/** The fleet by group; verdicts are at most ten seconds older than asked for, and nobody but the first waits for them. */
export function fleetOutlook(parts: {
  readonly database: Database;
  readonly clock: Clock;
  readonly view: FleetReading;
  readonly assets: Pick<AssetDesk, 'all'>;
  readonly now: FleetNow;
}): FleetOutlook {
  const { database, clock, view, now } = parts;
  const verdicts = keptAnswer(clock, VERDICTS, async () => {
    const [health, predictions, decisions] = await Promise.all([currentHealth(database), now.risks(), now.decisions()]);
    const read: GroupVerdicts = { health, predictions, decisions };
    return { read, outlook: outlookOf(read) };
  });
  const inventory = keptAnswer(
    clock,
    INVENTORY,
    async () => new Map((await parts.assets.all()).map((asset) => [asset.gpu_uuid, asset])),
  );
  const made = new Map<Grouping, { readonly at: number; readonly basis: unknown; readonly groups: FleetGroup[] }>();

  return {
    total: () => verdicts.known()?.outlook ?? NO_OUTLOOK,
    async groups(grouping) {
      const [told, assets] = await Promise.all([verdicts.first(), inventory.first()]);
      const at = clock.monotonic();
      const before = made.get(grouping);
      if (before !== undefined && before.basis === told && at - before.at < GROUPS_AGE_MS) return before.groups;
      const groups = fleetGroups(
        groupMembers(view, assets ?? new Map(), grouping),
        view.nodeAnomalies(),
        told?.read ?? NOTHING,
      );
      made.set(grouping, { at, basis: told, groups });
      return groups;
    },
  };
}

/** Over all boards that verdicts tell of. */
function outlookOf(verdicts: GroupVerdicts): Outlook {
  const boards = new Set([...verdicts.predictions, ...verdicts.decisions].map(({ gpu_uuid }) => gpu_uuid));
  const unmeasured = {
    instance: '',
    node: '',
    group: '',
    stale: true,
    gpu_temp_celsius: Number.NaN,
    power_watts: Number.NaN,
    util_ratio: Number.NaN,
    open_info: 0,
    open_warning: 0,
    open_critical: 0,
  };
  const [all] = fleetGroups(
    [...boards].map((gpu_uuid) => ({ ...unmeasured, gpu_uuid })),
    [],
    verdicts,
  );
  if (all === undefined) return NO_OUTLOOK;
  const { expected_failures_7d, expected_failures_30d, expected_value_usd, value_at_risk_usd_per_hour } = all;
  return { expected_failures_7d, expected_failures_30d, expected_value_usd, value_at_risk_usd_per_hour };
}
