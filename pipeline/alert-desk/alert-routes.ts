import { z } from 'zod';
import type { Alert, AlertMatcher } from '../contract/alerts.ts';
import type { Severity } from '../contract/events.ts';
import { type DurationMs, hours, minutes, parseDuration, seconds } from '../contract/time.ts';
import { fitsAll } from './alert-matchers.ts';

export const MATCHER_FIELDS = [
  'rule',
  'severity',
  'category',
  'node',
  'gpu_uuid',
  'model',
  'cluster',
  'rack',
  'owner',
  'tenant',
  'job',
] as const satisfies readonly AlertMatcher['field'][];

/** `incident` is the id of the open incident that covers the alert; an alert outside of any is then grouped by its node. */
const GROUP_LABELS = [...MATCHER_FIELDS, 'incident'] as const;
export type GroupLabel = (typeof GROUP_LABELS)[number];

export type PerSeverity = Readonly<Record<Severity, DurationMs>>;

/** Who is told of alerts that fit, and when. Instants are those of the desk's clock, not event time: people wait in it. */
export interface AlertRoute {
  /** Unique in the tree. */
  readonly name: string;
  readonly matchers: readonly AlertMatcher[];
  readonly severities: readonly Severity[];
  /** Names of channels; `*` = every one that is configured. */
  readonly channels: readonly string[];
  /** Alerts that agree in all of these are told together; none: all of the route. */
  readonly group_by: readonly GroupLabel[];
  /** How long a change waits for company, by the severity of its alert. */
  readonly group_wait: PerSeverity;
  /** Least time between two messages about one group. */
  readonly group_interval: PerSeverity;
  /** After how long it is said again of a group with open alerts that nobody has acknowledged; 0: never. */
  readonly repeat_interval: PerSeverity;
  /** How long after being told an alert that nobody has acknowledged goes to `escalate_to` as well; 0: never. */
  readonly escalate_after: PerSeverity;
  readonly escalate_to: readonly string[];
  /** Whether it is said that alerts are over. */
  readonly closings: boolean;
  /** Routes after this one are looked at too. */
  readonly continue: boolean;
  /** The first of these that fits an alert takes it; what they leave out is as here. */
  readonly routes: readonly AlertRoute[];
}

/** What a fleet team would keep: by node, critical within seconds, warnings gathered, information looked up and never sent. */
const DEFAULT_ROUTE: AlertRoute = {
  name: 'default',
  matchers: [],
  severities: ['warning', 'critical'],
  channels: ['*'],
  group_by: ['node'],
  group_wait: { info: minutes(30), warning: minutes(5), critical: seconds(5) },
  group_interval: { info: hours(6), warning: minutes(30), critical: seconds(30) },
  repeat_interval: { info: seconds(0), warning: hours(24), critical: hours(4) },
  escalate_after: { info: seconds(0), warning: seconds(0), critical: minutes(30) },
  escalate_to: [],
  closings: true,
  continue: false,
  routes: [],
};

const duration = z
  .string()
  .refine((text) => parseDuration(text) !== null, 'must be a duration such as 30s 5m 2h')
  .transform((text) => parseDuration(text) as DurationMs);
const perSeverity = z.union([
  duration,
  z.strictObject({ info: duration.optional(), warning: duration.optional(), critical: duration.optional() }),
]);
const name = z.string().min(1).max(64);
const severity = z.enum(['info', 'warning', 'critical']);

export const matcherOf = <F extends string>(fields: readonly F[]) =>
  z
    .strictObject({
      field: z.enum(fields),
      values: z.array(z.string().max(256)).min(1).max(100),
      not: z.boolean().default(false),
    })
    .transform(({ field, values, not }) => ({ field: field as F, values, ...(not && { not }) }));
export const matcherSchema = matcherOf(MATCHER_FIELDS);

const routeSchema = z.strictObject({
  name: name.optional(),
  matchers: z.array(matcherSchema).max(20).optional(),
  severities: z.array(severity).min(1).optional(),
  channels: z.array(name).max(50).optional(),
  group_by: z.array(z.enum(GROUP_LABELS)).max(GROUP_LABELS.length).optional(),
  group_wait: perSeverity.optional(),
  group_interval: perSeverity.optional(),
  repeat_interval: perSeverity.optional(),
  escalate_after: perSeverity.optional(),
  escalate_to: z.array(name).max(50).optional(),
  closings: z.boolean().optional(),
  continue: z.boolean().optional(),
  get routes() {
    return z.array(routeSchema).max(200).optional();
  },
});
type RouteText = z.output<typeof routeSchema>;

/** A route and those below it as written in the configuration: what is left out is that of the route above, and of the default. */
export const alertRoutesSchema = routeSchema.transform((route, context): AlertRoute => {
  const names = new Set<string>();
  const whole = inherited(route, DEFAULT_ROUTE, 'default');
  const check = (one: AlertRoute): void => {
    if (names.has(one.name)) {
      context.addIssue({ code: 'custom', message: `there are two routes named ${one.name}` });
    }
    names.add(one.name);
    one.routes.forEach(check);
  };
  check(whole);
  return whole;
});

function inherited(route: RouteText, above: AlertRoute, fallback: string): AlertRoute {
  const times = (
    key: 'group_wait' | 'group_interval' | 'repeat_interval' | 'escalate_after',
    told: RouteText[typeof key] = route[key],
  ): PerSeverity => {
    if (typeof told === 'number') return { info: told, warning: told, critical: told };
    const { info, warning, critical } = above[key];
    return {
      info: told?.info ?? info,
      warning: told?.warning ?? warning,
      critical: told?.critical ?? critical,
    };
  };
  const own = {
    name: route.name ?? fallback,
    matchers: route.matchers ?? [],
    severities: route.severities ?? above.severities,
    channels: route.channels ?? above.channels,
    group_by: route.group_by ?? above.group_by,
    group_wait: times('group_wait'),
    group_interval: times('group_interval'),
    repeat_interval: times('repeat_interval'),
    escalate_after: times('escalate_after'),
    escalate_to: route.escalate_to ?? above.escalate_to,
    closings: route.closings ?? above.closings,
    continue: route.continue ?? false,
  };
  const whole = { ...own, routes: [] };
  return { ...own, routes: (route.routes ?? []).map((one, i) => inherited(one, whole, `${own.name}.${i + 1}`)) };
}

/** The routes that take an alert, deepest first match; none when the tree does not fit, or its severity is not for them. */
export function routesOf(alert: Alert, route: AlertRoute): readonly AlertRoute[] {
  if (!fitsAll(alert, route.matchers)) return [];
  const found: AlertRoute[] = [];
  for (const below of route.routes) {
    const taken = routesOf(alert, below);
    found.push(...taken);
    if (taken.length > 0 && !below.continue) return found;
  }
  if (found.length > 0) return found;
  return route.severities.includes(alert.severity) ? [route] : [];
}

/** All routes of a tree by name. */
export function routesByName(route: AlertRoute): ReadonlyMap<string, AlertRoute> {
  const all = new Map<string, AlertRoute>([[route.name, route]]);
  for (const below of route.routes) for (const [key, one] of routesByName(below)) all.set(key, one);
  return all;
}
