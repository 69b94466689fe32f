import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { ApiParts } from '../api-parts.ts';
import type { AssetDesk, StatusChange } from '../asset-desk.ts';
import { metricsRegistry } from '../metrics-registry.ts';
import { verdictText } from '../verdict-rows.ts';
import { OPEN_GATE } from './gate.ts';
import { ownRow, type TenantScope } from './tenancy.ts';
import { tenantAlerts } from './tenant-alerts.ts';
import { tenantDatabase } from './tenant-database.ts';
import { tenantView } from './tenant-view.ts';

/**
 * The parts of the API as one tenant sees them. Routes made over them cannot tell of others' GPUs, because they are given nothing
 * that knows any; caches in them are the tenant's own. Every part is named here: a new one does not compile until somebody has
 * decided what a tenant sees of it.
 */
export function tenantParts(whole: ApiParts, scope: TenantScope): ApiParts {
  return {
    clock: whole.clock,
    // Who calls was looked at before.
    gate: OPEN_GATE,
    audit: whole.audit,
    behind_proxy: whole.behind_proxy,
    pages: whole.pages,
    calls_per_s: 0,
    view: tenantView(whole.view, scope),
    verdicts: tenantVerdicts(whole.verdicts, scope),
    feed: whole.feed,
    database: tenantDatabase(whole.database, scope),
    bus: whole.bus,
    // The table of access keeps tenants out of everything that these answer.
    topology: whole.topology,
    models: whole.models,
    channels: whole.channels,
    dead_letters: whole.dead_letters,
    simulation: whole.simulation,
    examine: null,
    keys: null,
    config: null,
    metrics: metricsRegistry(),
    live_url: whole.live_url,
    interval_ms: whole.interval_ms,
    console_dir: null,
    version: whole.version,
    simulated: whole.simulated ?? false,
    scorer: {
      stored: async (asked) => {
        const { gpu_uuid } = asked;
        if (!scope.sees(gpu_uuid)) return null;
        const may_tell = (ts: number): boolean => scope.had(gpu_uuid, ts) && (asked.may_tell?.(ts) ?? true);
        return ownRow(scope, gpu_uuid, await whole.scorer.stored({ ...asked, may_tell }));
      },
      samples: (input) => whole.scorer.samples(input),
    },
    predictor: {
      stored: async (gpu_uuid, told) =>
        scope.sees(gpu_uuid) ? ownRow(scope, gpu_uuid, await whole.predictor.stored(gpu_uuid, told)) : null,
      features: (features, model) => whole.predictor.features(features, model),
    },
    alerts: tenantAlerts(whole.alerts, scope),
    assets: tenantAssets(whole.assets, scope),
    prices: whole.prices,
    profile: whole.profile,
    onFailure: whole.onFailure,
  };
}

function tenantVerdicts(verdicts: ApiParts['verdicts'], scope: TenantScope): ApiParts['verdicts'] {
  const of: ApiParts['verdicts']['of'] = async (part, gpu_uuid) =>
    scope.sees(gpu_uuid) ? (await verdicts.of(part, gpu_uuid)).filter(({ ts }) => scope.had(gpu_uuid, Number(ts))) : [];
  return { of, text: async (part, gpu_uuid) => verdictText(part, await of(part, gpu_uuid)) };
}

function tenantAssets(assets: AssetDesk, scope: TenantScope): AssetDesk {
  const refuse = async (): Promise<never> => {
    throw new VitalsError('GV-SEC-004', 'The inventory concerns more than one tenant', scope.tenant);
  };
  return {
    all: async () => (await assets.all()).filter(({ gpu_uuid }) => scope.sees(gpu_uuid)),
    find: async (gpu_uuid) => (scope.sees(gpu_uuid) ? assets.find(gpu_uuid) : null),
    statuses: async () =>
      new Map(
        [...(await assets.statuses())].flatMap(([gpu_uuid, changes]) =>
          scope.sees(gpu_uuid) ? [[gpu_uuid, changesSince(changes, scope.since(gpu_uuid))] as const] : [],
        ),
      ),
    tenures: async () => new Map([...(await assets.tenures())].filter(([gpu_uuid]) => scope.sees(gpu_uuid))),
    versions: async () =>
      (await assets.versions()).filter(
        ({ asset }) => asset !== null && scope.sees(asset.gpu_uuid) && ['', scope.tenant].includes(asset.tenant),
      ),
    change: refuse,
    bring: refuse,
    foresee: refuse,
    stop: async () => undefined,
  };
}

/** The status that it had at an instant, as if it had begun then, and what changed later. */
function changesSince(changes: readonly StatusChange[], since: number): readonly StatusChange[] {
  const later = changes.filter(({ at }) => at >= since);
  const before = changes.findLast(({ at }) => at < since);
  return before === undefined ? later : [{ ...before, at: since }, ...later];
}
