import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { Anomaly, Asset, Incident } from '../../pipeline/contract/events.ts';
import type { Emit, FleetItem, FleetOperator, State } from '../../pipeline/contract/operator.ts';
import { type DurationMs, seconds } from '../../pipeline/contract/time.ts';
import { recordKey } from '../core/record-key.ts';
import type { AlertRule } from './alert-rule.ts';
import type { HandedAlert } from './board-alerts.ts';
import { boardsKind, type Finding, findingOfAnomaly, findingOfIncident } from './finding.ts';
import { emptyPlaces, type KeptPlace, keptPlace, type NodePlaces, notePlace, placeOf } from './node-places.ts';
import { ruleFor } from './rule-fields.ts';
import { dropShared, passShared, releaseShared, type SharedAlerts, takeShared } from './shared-alerts.ts';
import { holesOf } from './summary-text.ts';
import type { Watch } from './watch.ts';
import { adoptAlert, type Desk, noteFinding, passTime } from './watches.ts';

export interface FleetAlertsOptions {
  readonly rules: readonly AlertRule[];
  /** Alerts of whom nobody has heard of for so long close. */
  readonly forget_after: DurationMs;
  /** How far items of different groups may lie apart in the stream. */
  readonly delay: DurationMs;
}

export interface FleetAlertsInputs {
  readonly assets: Asset;
  /** Those of the groups' alerts, so that consequences are not told beside them; and those of lost boards. */
  readonly told: Alert;
  /** Those of boards that their node may be to blame for: nobody has told them yet. */
  readonly shared: Alert;
  readonly handed: HandedAlert;
  readonly anomalies: Anomaly;
  readonly incidents: Incident;
}

export interface FleetAlertsPorts {
  readonly alerts: Alert;
}

/** A finding on its way to its turn. */
interface KeptFinding {
  readonly ts: number;
  readonly node: string;
  readonly finding: Finding;
  /** Name of the rule that it fits; null for none. */
  readonly rule: string | null;
  readonly holes: Readonly<Record<string, string>>;
}
interface KeptAlert {
  readonly ts: number;
  readonly node: string;
  readonly alert: Alert;
}

interface Home {
  watches: Watch[];
  told_at: number;
}
/** Plain data; of places only those with something to tell. */
interface FleetDesk {
  clock: number;
  readonly homes: Record<string, Home>;
  /** Ids of alerts that the groups have open, by GPU. */
  readonly boards: Record<string, readonly string[]>;
  readonly shared: SharedAlerts;
  readonly places: NodePlaces;
}

const STATE = { desk: { scope: 'group', type: 'record', width: 1, initial: 0 } } as const;
type FleetState = State<typeof STATE>;
type Tell = Emit<FleetAlertsPorts>;

const EVERY = seconds(10);
const LOST = 'gpu_lost';

function deskAt(state: FleetState): FleetDesk {
  const known = (state.desk[0] ?? { clock: 0, homes: {}, boards: {}, places: emptyPlaces() }) as FleetDesk;
  // Snapshots of earlier versions have none.
  const desk = known.shared === undefined ? { ...known, shared: {} } : known;
  state.desk[0] = desk;
  return desk;
}

/** Notes which alerts of a board are open, so that consequences are not told beside them. */
function noteBoard({ boards }: FleetDesk, alert: Alert): void {
  if (alert.gpu_uuid === '') return;
  const key = recordKey(alert.gpu_uuid);
  const others = (boards[key] ?? []).filter((id) => id !== alert.id);
  const open = alert.state === 'open' ? [...others, alert.id] : others;
  if (open.length === 0) delete boards[key];
  else boards[key] = open;
}

/** What of anomalies is found over the fleet, or ends there. */
const ofFleet = ({ detector, type }: Anomaly): boolean => detector !== 'absence' || type === LOST;

/**
 * Tells what people should know of the fleet, by rules: what many boards have in common, nodes that fell silent, boards that
 * are lost or unlike the others.
 *
 * Input    anomalies found over the fleet, and of `absence` those of lost GPUs; incidents; told, shared and handed, what
 *          the groups tell; assets, for what stands where.
 * Output   alerts, as those of the groups: opened, raised and closed, each once. An alert that was handed over is closed
 *          here, when its board reports again from wherever it is.
 * One each  an incident tells for the silent nodes and lost boards that it explains, a board's alert for its loss. One of the
 *          heat or power of a node tells for the alerts of its boards about the same: these wait a minute for it, and those
 *          told before it close as explained.
 * Time     event time, `delay` behind; `for` and `keep` are looked at every 10 s.
 * State    about 110 B per node, 12 B per GPU, and 1 kB per alert.
 * Cost     O(1) per asset and alert; per finding the watches of its GPU or node; O(open) every 10 s.
 * Errors   none.
 */
export function fleetAlerts(
  options: FleetAlertsOptions,
): FleetOperator<FleetAlertsInputs, typeof STATE, FleetAlertsPorts> {
  const { rules } = options;
  const alone_max = Math.max(0, ...rules.map(({ alone }) => alone ?? 0));
  const takeFinding = ({ finding, rule, holes }: KeptFinding, state: FleetState, emit: Tell): void => {
    const desk = deskAt(state);
    // The clock does not wait with the item.
    const news = finding.holds ? { ...finding, at: Math.max(desk.clock, finding.at) } : finding;
    const key = homeKeyOf(desk, news);
    const home = homeAt(desk, key);
    if (news.holds && isExplained(desk, home, news)) return;
    const fitting = rules.find(({ name }) => name === rule) ?? null;
    home.watches = noteFinding(home.watches, news, fitting, holes, deskOf(desk, home, options, emit));
    keepHome(desk, key, home, alone_max);
    if (news.source !== 'incidents' || !news.holds) return;
    if (fitting === null || !ofBoards(news)) releaseShared(desk.shared, news);
    if (fitting !== null) absorbExplained(desk, news, alone_max);
  };
  return {
    name: 'fleet_alerts',
    summary: 'what people should know of nodes, racks, domains, jobs and lost boards, by rules',
    state: STATE,
    ports: ['alerts'],
    delay: options.delay,
    on: {
      assets: {
        pick: keptPlace,
        take: (kept: KeptPlace, state) => notePlace(deskAt(state).places, kept),
      },
      told: {
        pick: keptAlert,
        take: ({ alert }: KeptAlert, state) => noteBoard(deskAt(state), alert),
      },
      shared: {
        pick: keptAlert,
        take({ alert }: KeptAlert, state, emit) {
          const desk = deskAt(state);
          noteBoard(desk, alert);
          const now = takeShared(desk.shared, alert, desk.clock);
          if (now !== null) emit('alerts', now);
        },
      },
      handed: {
        pick: (handed) => ({ ts: handed.finding.at, node: handed.finding.node, ...handed }),
        take({ alert, finding }: HandedAlert & FleetItem, state) {
          const desk = deskAt(state);
          const key = recordKey(alert.gpu_uuid);
          delete desk.boards[key];
          // The loss is told by itself where nobody has heard of the alert.
          if (!dropShared(desk.shared, alert.id)) return;
          const home = homeAt(desk, key);
          home.watches = adoptAlert(home.watches, alert, finding);
          home.told_at = Math.max(desk.clock, alert.opened_at);
          keepHome(desk, key, home, alone_max);
        },
      },
      anomalies: {
        pick: (anomaly) =>
          ofFleet(anomaly)
            ? kept(findingOfAnomaly(anomaly, 0), ruleFor(rules, 'anomalies', anomaly), (rule) => holesOf(rule, anomaly))
            : null,
        take: takeFinding,
      },
      incidents: {
        pick: (incident) =>
          kept(findingOfIncident(incident, 0), ruleFor(rules, 'incidents', incident), (rule) =>
            holesOf(rule, incident),
          ),
        take: takeFinding,
      },
    },
    timer: {
      every: EVERY,
      onTime(now, state, emit) {
        const desk = deskAt(state);
        desk.clock = now;
        for (const key in desk.homes) {
          const home = desk.homes[key] as Home;
          home.watches = passTime(home.watches, now, deskOf(desk, home, options, emit));
          keepHome(desk, key, home, alone_max);
        }
        if (Object.keys(desk.shared).length === 0) return;
        const watches = Object.values(desk.homes).flatMap((home) => home.watches);
        passShared(desk.shared, watches, now, (alert) => emit('alerts', alert));
      },
    },
  };
}

const keptAlert = (alert: Alert): KeptAlert => ({ ts: alert.closed_at ?? alert.ts, node: alert.node, alert });

const kept = (
  finding: Finding,
  rule: AlertRule | null,
  holes: (rule: AlertRule) => Record<string, string>,
): KeptFinding => ({
  ts: finding.at,
  node: finding.node,
  finding,
  rule: rule?.name ?? null,
  holes: rule === null ? {} : holes(rule),
});

/** Whether an incident is about what a node does to its boards. */
const ofBoards = ({ kinds, category }: Finding): boolean => kinds.includes(boardsKind(category));

const INCIDENT = 'incident ';
const nodeHome = (node: string): string => `node ${node}`;
const homeAt = (desk: FleetDesk, key: string): Home => desk.homes[key] ?? { watches: [], told_at: 0 };

/** A home is kept while something is watched there, or while what was told there still keeps others silent. */
function keepHome(desk: FleetDesk, key: string, home: Home, alone_max: number): void {
  const remembered = home.told_at > 0 && desk.clock - home.told_at < alone_max;
  if (home.watches.length > 0 || (remembered && !key.startsWith(INCIDENT))) desk.homes[key] = home;
  else delete desk.homes[key];
}

const sharesKind = (kinds: readonly string[], finding: Finding): boolean =>
  kinds.some((kind) => finding.kinds.includes(kind));

/**
 * Where a finding is watched: its board or node; an incident by itself, but one of a single node whose silence was told
 * already goes on under that alert.
 */
function homeKeyOf(desk: FleetDesk, finding: Finding): string {
  if (finding.source !== 'incidents') return recordKey(finding.gpu_uuid) || nodeHome(finding.node);
  const own = INCIDENT + finding.cause;
  const [node = '', ...others] = finding.nodes ?? [];
  if (desk.homes[own] !== undefined || others.length > 0) return own;
  const told = homeAt(desk, nodeHome(node)).watches.some(
    ({ alert, causes }) =>
      alert !== null && causes.some(({ key, kinds }) => key === finding.cause || sharesKind(kinds, finding)),
  );
  return told ? nodeHome(node) : own;
}

/** Whether an incident tells for this already, unless it was told before the incident. */
function isExplained(desk: FleetDesk, home: Home, finding: Finding): boolean {
  if (finding.source !== 'anomalies') return false;
  if (home.watches.some(({ alert, causes }) => alert !== null && causes.some(({ key }) => key === finding.cause)))
    return false;
  return Object.entries(desk.homes).some(
    ([key, { watches }]) =>
      key.startsWith(INCIDENT) &&
      watches.some(({ causes }) =>
        causes.some(
          ({ gone_at, kinds, nodes }) => gone_at === null && sharesKind(kinds, finding) && nodes.includes(finding.node),
        ),
      ),
  );
}

/** Lets go of what has told nothing yet of silent nodes and lost boards that an incident explains. */
function absorbExplained(desk: FleetDesk, incident: Finding, alone_max: number): void {
  for (const key in desk.homes) {
    const home = desk.homes[key] as Home;
    home.watches = home.watches.filter(
      ({ alert, finding, causes }) =>
        alert !== null ||
        finding.source !== 'anomalies' ||
        !incident.nodes?.includes(finding.node) ||
        !causes.some(({ kinds }) => sharesKind(kinds, incident)),
    );
    keepHome(desk, key, home, alone_max);
  }
}

function deskOf(desk: FleetDesk, home: Home, options: FleetAlertsOptions, emit: Tell): Desk {
  return {
    rules: options.rules,
    forget_after: options.forget_after,
    told_at: () => home.told_at,
    noteTold(at) {
      home.told_at = at;
    },
    openElsewhere: ({ gpu_uuid }) => desk.boards[recordKey(gpu_uuid)] !== undefined,
    place: ({ gpu_uuid, node, nodes }) => placeOf(desk.places, gpu_uuid, node === '' ? (nodes ?? []) : [node]),
    tell: (alert) => emit('alerts', alert),
  };
}
