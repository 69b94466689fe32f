import type { Clock } from '../../pipeline/clock.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { Anomaly, Asset } from '../../pipeline/contract/events.ts';
import { INCIDENTS } from '../../pipeline/contract/verdict-tables.ts';
import type { FleetReading, GpuEntry } from '../fleet-view.ts';
import type { AlertTold, LiveTopics } from '../live-topics.ts';
import { type Tenancy, type TenantScope, tenancy } from './tenancy.ts';
import { type TenantView, tenantView } from './tenant-view.ts';

/** Assets as they are followed for as long as tenants listen. */
export interface FollowedAssets {
  all(): Promise<readonly Asset[]>;
  tenures(): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
}

export interface LiveTenantsOptions {
  readonly whole: LiveTopics;
  readonly view: FleetReading;
  readonly clock: Clock;
  /** Begins to follow the inventory; null where nobody can. */
  readonly followAssets: (() => FollowedAssets) | null;
  /** Topics over what a tenant sees. */
  readonly make: (tenant: string, view: FleetReading) => LiveTopics;
}

interface Tenant {
  readonly scope: TenantScope;
  readonly view: TenantView;
  readonly topics: LiveTopics;
  /** What it saw when that was last compared. */
  seen: { readonly uuids: readonly string[]; readonly nodes: ReadonlySet<string> };
}

/**
 * Live topics by tenant: each has topics of its own over a view that knows only its GPUs, so that a delta or snapshot cannot tell
 * of others'. While no tenant listens this costs a look at an empty map.
 */
export class LiveTenants {
  private readonly options: LiveTenantsOptions;
  private readonly tenants = new Map<string, Tenant>();
  private assets: FollowedAssets | null = null;
  private book: Tenancy | null = null;

  constructor(options: LiveTenantsOptions) {
    this.options = options;
  }

  /** Makes a tenant's topics ready. Throws VitalsError GV-API-003 while the inventory cannot be read. */
  async prepare(tenant: string): Promise<void> {
    if (tenant === '') return;
    const { followAssets, view, clock, make, whole } = this.options;
    if (this.book === null) {
      if (followAssets === null) throw new VitalsError('GV-SEC-004', 'This concerns more than one tenant', tenant);
      this.assets = followAssets();
      this.book = tenancy({ assets: this.assets, view, clock });
    }
    const scope = await this.book.scope(tenant);
    if (this.tenants.has(tenant)) return;
    const own = tenantView(view, scope);
    const topics = make(tenant, own);
    topics.setAlerts(alertsOf(whole, scope));
    this.tenants.set(tenant, { scope, view: own, topics, seen: seenBy(scope) });
  }

  /** Null for a tenant that was not made ready. */
  topics(tenant: string): LiveTopics | null {
    return tenant === '' ? this.options.whole : (this.tenants.get(tenant)?.topics ?? null);
  }

  *all(): Iterable<LiveTopics> {
    yield this.options.whole;
    for (const { topics } of this.tenants.values()) yield topics;
  }

  touchGpu(entry: GpuEntry, left: string | null): void {
    this.options.whole.touchGpu(entry, left);
    if (this.tenants.size === 0) return;
    const tenant = this.tenants.get(this.book?.tenantOf(entry.gpu_uuid) ?? '');
    tenant?.topics.touchGpu(tenant.view.own(entry), left);
  }

  touchAnomaly(anomaly: Anomaly): void {
    this.options.whole.touchAnomaly(anomaly);
    for (const { scope, topics } of this.tenants.values()) {
      if (scope.concerns(anomaly, anomaly.opened_at)) topics.touchAnomaly(anomaly);
    }
  }

  touchAlert(alert: AlertTold, json: string): void {
    this.options.whole.touchAlert(alert, json);
    for (const { scope, topics } of this.tenants.values()) {
      if (isAlertOf(scope, alert)) topics.touchAlert(alert, json);
    }
  }

  /** Looks whether the inventory has changed; answers the topics of tenants that see something else than before. */
  async changed(): Promise<readonly LiveTopics[]> {
    if (this.book === null || this.tenants.size === 0) return [];
    await this.book.refresh();
    return [...this.tenants.values()].flatMap((tenant) => {
      const now = seenBy(tenant.scope);
      if (same(now, tenant.seen)) return [];
      tenant.seen = now;
      tenant.topics.setAlerts(alertsOf(this.options.whole, tenant.scope));
      return [tenant.topics];
    });
  }

  async stop(): Promise<void> {
    await this.assets?.stop();
  }
}

/** Alerts of incidents may be about others' GPUs too; REST tells what of them may be told. */
const isAlertOf = (scope: TenantScope, alert: AlertTold): boolean =>
  alert.source !== INCIDENTS.name && scope.concerns(alert, alert.opened_at ?? Number.POSITIVE_INFINITY);

const alertsOf = (whole: LiveTopics, scope: TenantScope) =>
  [...whole.openAlerts()].filter(({ alert }) => isAlertOf(scope, alert));

const seenBy = (scope: TenantScope): Tenant['seen'] => ({ uuids: scope.uuids(), nodes: scope.wholeNodes() });

const same = (a: Tenant['seen'], b: Tenant['seen']): boolean =>
  (a.uuids === b.uuids || (a.uuids.length === b.uuids.length && a.uuids.every((uuid, i) => uuid === b.uuids[i]))) &&
  a.nodes.size === b.nodes.size &&
  [...a.nodes].every((node) => b.nodes.has(node));
