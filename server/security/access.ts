import { type AccessRole, roleSuffices } from '../../pipeline/keys/access-role.ts';
import { type AccessScope, scopeSuffices } from '../../pipeline/keys/access-scope.ts';
import { CONSOLE_PAGES } from '../console-pages.ts';
import type { TopicKind } from '../live-topic.ts';
import type { Caller } from './caller.ts';

/** What a path asks of who calls it. */
export interface Access {
  /** `open` asks for nothing. */
  readonly role: AccessRole | 'open';
  /** What a key that is narrowed must be narrowed to; `any`: every key. */
  readonly scope: AccessScope | 'any';
  /**
   * What a key with a tenant gets: `own` = what concerns its GPUs, and nothing of others; `same` = what is not about anybody's
   * GPUs; `none` = it is refused, because the answer is about the whole installation.
   */
  readonly tenants: 'own' | 'same' | 'none';
  /** It changes something, and is written down. */
  readonly audited: boolean;
}

type Rule = Omit<Access, 'scope'>;

const rule = (role: Access['role'], tenants: Access['tenants'], audited = false): Rule => ({
  role,
  tenants,
  audited,
});
const OPEN = rule('open', 'same');
const READ = rule('viewer', 'own');
const READ_COMMON = rule('viewer', 'same');
const READ_ALL = rule('viewer', 'none');
const LOOK_INSIDE = rule('operator', 'none');
const ACT = rule('operator', 'own', true);
const ACT_ON_ALL = rule('operator', 'none', true);
const GOVERN = rule('admin', 'none', true);
const SUPERVISE = rule('admin', 'none');

/** Every path of the API by method, as the router spells it. What is not here is for admins only, and a test fails. */
const RULES: Readonly<Record<string, Rule>> = {
  'GET /livez': OPEN,
  'GET /readyz': OPEN,
  'GET /docs': OPEN,
  'GET /docs/errors': OPEN,
  'GET /openapi.json': OPEN,
  'GET /assets/*': OPEN,
  'GET /favicon.ico': OPEN,
  'GET /favicon.svg': OPEN,
  ...Object.fromEntries(CONSOLE_PAGES.map(({ path }) => [`GET ${path}`, OPEN])),
  'GET /gpus/:gpu_uuid': OPEN,

  'GET /api/v1/console-config': READ_COMMON,
  'GET /api/v1/errors': READ_COMMON,
  'GET /api/v1/feature-definitions': READ_COMMON,

  'GET /api/v1/gpus': READ,
  'GET /api/v1/gpus/:gpu_uuid': READ,
  'GET /api/v1/gpus/:gpu_uuid/metrics': READ,
  'GET /api/v1/gpus/:gpu_uuid/anomalies': READ,
  'GET /api/v1/gpus/:gpu_uuid/health': READ,
  'GET /api/v1/gpus/:gpu_uuid/features': READ,
  'GET /api/v1/gpus/:gpu_uuid/episodes': READ,
  'GET /api/v1/gpus/:gpu_uuid/predictions': READ,
  'GET /api/v1/gpus/:gpu_uuid/decisions': READ,
  'GET /api/v1/gpus/:gpu_uuid/failure-labels': READ,
  'GET /api/v1/gpus/:gpu_uuid/forecasts': READ,
  'GET /api/v1/gpus/:gpu_uuid/evidence': READ,
  'GET /api/v1/anomalies': READ,
  'GET /api/v1/alerts': READ,
  'GET /api/v1/alerts/:id': READ,
  'POST /api/v1/alerts/:id/acknowledge': ACT,
  'POST /api/v1/alerts/:id/unacknowledge': ACT,
  'POST /api/v1/alerts/:id/assign': ACT,
  'GET /api/v1/assets': READ,
  'GET /api/v1/assets/:gpu_uuid': READ,
  'GET /api/v1/health-scores': READ,
  'GET /api/v1/features': READ,
  'GET /api/v1/episodes': READ,
  'GET /api/v1/predictions': READ,
  'GET /api/v1/decisions': READ,
  'GET /api/v1/failure-labels': READ,
  'GET /api/v1/forecasts': READ,
  'GET /api/v1/incidents': READ,
  'POST /api/v1/health/score': READ,
  'POST /api/v1/predict/failure': READ,
  'POST /api/v1/decisions/evaluate': READ_COMMON,

  'GET /api/v1/fleet/summary': READ,
  'GET /api/v1/fleet/money': READ,
  'GET /api/v1/fleet/risks': READ,
  'GET /api/v1/fleet/quantiles': READ_ALL,
  'GET /api/v1/topology': READ_ALL,
  'GET /api/v1/reports/availability': READ,
  'GET /api/v1/reports/availability.html': READ,
  'GET /api/v1/reports/compliance': READ_ALL,
  'GET /api/v1/reports/compliance.html': READ_ALL,
  'GET /api/v1/models': READ_ALL,
  'GET /api/v1/models/drift': READ_ALL,
  'GET /api/v1/models/performance': READ_ALL,
  'GET /api/v1/models/:version': READ_ALL,
  'GET /api/v1/failure-labels/suggestions': READ_ALL,
  'GET /api/v1/silences': READ_ALL,
  'POST /api/v1/silences/preview': READ_ALL,
  'GET /api/v1/alert-rules': READ_ALL,
  'POST /api/v1/alert-rules/preview': READ_ALL,
  'GET /api/v1/inject/stories': READ_ALL,
  'GET /metrics': READ_ALL,
  'GET /metrics/fleet': READ,

  'POST /api/v1/silences': ACT_ON_ALL,
  'POST /api/v1/alerts/:id/silence': ACT_ON_ALL,
  'PATCH /api/v1/silences/:id': ACT_ON_ALL,
  'POST /api/v1/silences/:id/expire': ACT_ON_ALL,
  'POST /api/v1/alert-channels/:name/test': ACT_ON_ALL,
  'POST /api/v1/assets': ACT_ON_ALL,
  'POST /api/v1/assets/preview': LOOK_INSIDE,
  'PATCH /api/v1/assets/:gpu_uuid': ACT_ON_ALL,
  'POST /api/v1/assets/:gpu_uuid/retire': ACT_ON_ALL,
  'POST /api/v1/failure-labels': ACT_ON_ALL,
  'POST /api/v1/dead-letters/retry': ACT_ON_ALL,
  'POST /api/v1/inject': ACT_ON_ALL,
  'GET /api/v1/dead-letters': LOOK_INSIDE,
  'GET /api/v1/dead-letters/:position': LOOK_INSIDE,
  'GET /api/v1/config': LOOK_INSIDE,
  'GET /api/v1/doctor': LOOK_INSIDE,

  'GET /api/v1/audit': SUPERVISE,
  'GET /api/v1/keys': SUPERVISE,
  'POST /api/v1/models/:version/promote': GOVERN,
  'POST /api/v1/models/rollback': GOVERN,
};

/** Which scope a path belongs to, by how it begins. */
const SCOPES: readonly (readonly [string, AccessScope | 'any'])[] = [
  ...['console-config', 'errors'].map((path) => [`/api/v1/${path}`, 'any'] as const),
  ...['alerts', 'alert-rules', 'alert-channels', 'silences'].map((path) => [`/api/v1/${path}`, 'alerts'] as const),
  ['/api/v1/assets', 'assets'],
  ['/api/v1/failure-labels', 'labels'],
  ['/api/v1/models', 'models'],
  ['/api/v1/reports', 'reports'],
  ['/metrics', 'metrics'],
  ...['topology', 'config', 'doctor', 'dead-letters', 'inject'].map((path) => [`/api/v1/${path}`, 'pipeline'] as const),
  ...['audit', 'keys'].map((path) => [`/api/v1/${path}`, 'security'] as const),
  ['/api/v1/', 'fleet'],
];

const scopeOf = (path: string): AccessScope | 'any' => SCOPES.find(([start]) => path.startsWith(start))?.[1] ?? 'any';

const TABLE: Readonly<Record<string, Access>> = Object.fromEntries(
  Object.entries(RULES).map(([route, one]) => [route, { ...one, scope: scopeOf(route.slice(route.indexOf('/'))) }]),
);

/** What a live topic asks for. */
export const topicScope = (kind: TopicKind): AccessScope => (kind === 'alerts' ? 'alerts' : 'fleet');

/** What a route asks for; null when the table does not know it. */
export const accessOf = (method: string, path: string): Access | null => TABLE[`${method} ${path}`] ?? null;

/** Routes that a caller may not call: its role is too low or its scopes are others, or they are about more than its tenant. */
export const refusedTo = (caller: Pick<Caller, 'role' | 'tenant' | 'scopes'>): readonly string[] =>
  Object.entries(TABLE).flatMap(([route, access]) =>
    missingFor(caller, access) !== null || (caller.tenant !== '' && access.tenants === 'none') ? [route] : [],
  );

/** What a caller lacks for it, in words; null: nothing. */
export function missingFor({ role, scopes = [] }: Pick<Caller, 'role' | 'scopes'>, access: Access): string | null {
  if (access.role === 'open') return null;
  if (!roleSuffices(role, access.role)) return `the role ${access.role}`;
  return scopeSuffices(scopes, access.scope) ? null : `the scope ${access.scope}`;
}
