import type { Anomaly, Asset, Episode, Incident } from '../../pipeline/contract/events.ts';
import { causeId } from '../../pipeline/contract/ids.ts';
import type { Emit, FleetInput, FleetOperator, State } from '../../pipeline/contract/operator.ts';
import { type DurationMs, hours } from '../../pipeline/contract/time.ts';
import { type AssetPlace, assetPlace, type FleetMap, notePlace } from './fleet-map.ts';
import { instantText } from './in-words.ts';
import { type Member, memberOf, type Return, returnOf, silentNode, spreadsSlowly, ties } from './incident-member.ts';
import { gpusOf, likelyOrigin, nodesOf } from './likely-origin.ts';

export interface IncidentsOptions {
  /** Episodes that begin within this time of each other may have one origin. */
  readonly window: DurationMs;
  /** How long episodes of other nodes are waited for. */
  readonly delay: DurationMs;
  /** How long a closed incident is kept, so that an episode that goes on reopens it. */
  readonly keep_closed: DurationMs;
}

interface IncidentsInputs {
  readonly assets: Asset;
  readonly episodes: Episode;
  readonly anomalies: Anomaly;
  readonly moves: Anomaly;
}

export interface IncidentsPorts {
  readonly incidents: Incident;
}

/** An incident while it may change. Plain data. */
interface Case {
  readonly id: string;
  readonly opened_at: number;
  /** By episode id, in the order of joining. */
  readonly members: Record<string, Member>;
  /** What its members have in common with others. */
  ties: string[];
  /** When the first and the last of its episodes began. */
  first: number;
  last: number;
  /** Members that go on. */
  going_on: number;
  size: number;
  /** Whether it has changed since it was told, and whether anybody has ever heard of it. */
  untold: boolean;
  known: boolean;
}

/** A member and when it was heard of, which for a silent node is long after it began. */
type LooseMember = Member & { readonly heard_at: number };

interface Desk {
  map: FleetMap;
  cases: Case[];
  /** Episodes that were heard of lately and are no incident by themselves. */
  loose: LooseMember[];
  /** The last flush. */
  clock: number;
}

/** Larger incidents are told every ten seconds only: their rows are long. */
const TOLD_AT_ONCE_MAX = 128;
const LOOSE_MAX = 4_096;
const FLUSH_MS = 10_000 as DurationMs;
/** The window of what spreads slowly. */
const SLOW_WINDOW = hours(6);

const STATE = { desk: { scope: 'group', type: 'record', width: 1, initial: 0 } } as const;
type IncidentState = State<typeof STATE>;
type Tell = Emit<IncidentsPorts>;

const deskOf = (state: IncidentState): Desk => {
  state.desk[0] ??= { map: {}, cases: [], loose: [], clock: 0 } satisfies Desk;
  return state.desk[0] as Desk;
};

/**
 * Joins episodes of the fleet that began together and have something in common into one incident with a likely origin.
 *
 * Input    assets, for what belongs to which node, rack and NVLink domain; episodes, at each of their changes;
 *          anomalies, for nodes that fall silent, and moves, for lost GPUs that report from elsewhere: both are found over
 *          the fleet, where no episode can hear of them.
 * Output   incidents: the whole row again, under the same id and ts, whenever one opens, grows, changes its origin or
 *          closes, which it does when all its episodes have ended. Two that turn out to be one become the older.
 * Time     event time; `window` counts from the beginnings of episodes; heat of one node meets over six hours.
 * State    one entry per node (about 150 B) and what is open; closed incidents for `keep_closed`.
 * Cost     O(open incidents) per episode row, O(members) whenever one is told.
 * Errors   none. An episode that is over when it is first seen opens nothing.
 */
export function incidents(options: IncidentsOptions): FleetOperator<IncidentsInputs, typeof STATE, IncidentsPorts> {
  const assets: FleetInput<Asset, AssetPlace, typeof STATE, IncidentsPorts> = {
    pick: assetPlace,
    take: (place, state) => notePlace(deskOf(state).map, place),
  };
  const episodes: FleetInput<Episode, Member, typeof STATE, IncidentsPorts> = {
    pick: memberOf,
    take: (member, state, emit) => takeMember(member, deskOf(state), options, emit),
  };
  const anomalies: FleetInput<Anomaly, Member, typeof STATE, IncidentsPorts> = { ...episodes, pick: silentNode };
  const moves: FleetInput<Anomaly, Return, typeof STATE, IncidentsPorts> = {
    pick: returnOf,
    take: (item, state, emit) => takeReturn(item, deskOf(state), emit),
  };
  return {
    name: 'incidents',
    summary: 'episodes of many GPUs with one origin: domain, rack, node, job or GPU',
    state: STATE,
    ports: ['incidents'],
    delay: options.delay,
    on: { assets, episodes, anomalies, moves },
    timer: {
      every: FLUSH_MS,
      onTime(now, state, emit) {
        const desk = deskOf(state);
        desk.clock = now;
        for (const one of desk.cases) if (one.untold) tell(one, desk, emit);
        desk.loose = desk.loose.filter(({ heard_at }) => now - heard_at <= options.window + options.delay);
        desk.cases = desk.cases.filter((one) => one.going_on > 0 || now - closedAt(one) <= options.keep_closed);
      },
    },
  };
}

function takeMember(member: Member, desk: Desk, options: IncidentsOptions, emit: Tell): void {
  const known = desk.cases.find((one) => one.members[member.id] !== undefined);
  if (known === undefined && member.ended_at !== null) {
    desk.loose = desk.loose.filter(({ id }) => id !== member.id);
    return;
  }
  // Most rows of an episode change nothing that an incident shows.
  if (known !== undefined && JSON.stringify(known.members[member.id]) === JSON.stringify(member)) return;
  const its = ties(member, desk.map);
  const mine =
    known ?? desk.cases.find((one) => isNear(one, its, member.started_at, member.started_at, options.window));
  const one = mine ?? openCase(member, its, desk, options);
  if (one === null) return;
  put(one, member, its);
  let told = one;
  for (const other of [...desk.cases]) {
    if (other === told || !isNear(other, told.ties, told.first, told.last, options.window)) continue;
    const [older, younger] = other.opened_at <= told.opened_at ? [other, told] : [told, other];
    mergeInto(older, younger, desk, emit);
    told = older;
  }
  if (told.size <= TOLD_AT_ONCE_MAX || told.going_on === 0) tell(told, desk, emit);
}

/** Ends what a board that is elsewhere now went through where it was lost. */
function takeReturn({ ts, node, gpu_uuid }: Return, desk: Desk, emit: Tell): void {
  const gone = (member: Member): boolean =>
    member.lost && member.ended_at === null && member.gpu_uuid === gpu_uuid && member.node === node;
  desk.loose = desk.loose.filter((member) => !gone(member));
  for (const one of desk.cases) {
    const over = Object.values(one.members).filter(gone);
    for (const member of over) put(one, { ...member, ended_at: Math.max(ts, member.started_at) }, []);
    if (over.length > 0) tell(one, desk, emit);
  }
}

/** Whether a case that goes on has something in common with what began between two instants. */
function isNear(one: Case, its: readonly string[], from: number, to: number, window: number): boolean {
  if (one.going_on === 0) return false;
  const shared = its.filter((tie) => one.ties.includes(tie));
  const within = shared.some(spreadsSlowly) ? Math.max(window, SLOW_WINDOW) : window;
  return shared.length > 0 && to >= one.first - within && from <= one.last + within;
}

/** A case of a member with what it has in common with loose ones; null, and one loose one more, while that is no incident. */
function openCase(member: Member, its: readonly string[], desk: Desk, options: IncidentsOptions): Case | null {
  const { window } = options;
  desk.loose = desk.loose.filter(({ id }) => id !== member.id);
  const beside = desk.loose.filter(
    (other) =>
      Math.abs(other.started_at - member.started_at) <= window &&
      ties(other, desk.map).some((tie) => its.includes(tie)),
  );
  const all = [...beside, member];
  const small = all.length === 1 || likelyOrigin(all, desk.map).scope === 'gpu';
  if (member.severity !== 'critical' && small) {
    const heard_at = Math.max(member.started_at, desk.clock);
    if (its.length > 0) desk.loose = [...desk.loose, { ...member, heard_at }].slice(-LOOSE_MAX);
    return null;
  }
  const [first] = all.toSorted((a, b) => a.started_at - b.started_at) as [Member];
  const one: Case = {
    id: causeId('incident', first.id),
    opened_at: first.started_at,
    members: {},
    ties: [],
    first: first.started_at,
    last: first.started_at,
    going_on: 0,
    size: 0,
    untold: true,
    known: false,
  };
  for (const { heard_at: _, ...other } of beside) put(one, other, ties(other, desk.map));
  desk.loose = desk.loose.filter((other) => !beside.includes(other));
  desk.cases.push(one);
  return one;
}

function put(one: Case, member: Member, its: readonly string[]): void {
  const before = one.members[member.id];
  if (before === undefined) one.size++;
  one.going_on += Number(member.ended_at === null) - Number(before !== undefined && before.ended_at === null);
  one.members[member.id] = member;
  one.first = Math.min(one.first, member.started_at);
  one.last = Math.max(one.last, member.started_at);
  for (const tie of its) if (!one.ties.includes(tie)) one.ties.push(tie);
  one.untold = true;
}

/** Makes one of two cases; the younger closes and says where it went, unless nobody has heard of it. */
function mergeInto(older: Case, younger: Case, desk: Desk, emit: Tell): void {
  desk.cases = desk.cases.filter((one) => one !== younger);
  if (younger.known) {
    const row = rowOf(younger, desk);
    const summary = `Part of incident ${older.id}, which opened at ${instantText(older.opened_at)}.`;
    emit('incidents', {
      ...row,
      state: 'closed',
      closed_at: younger.last,
      summary,
      evidence: [...row.evidence, summary],
    });
  }
  for (const member of Object.values(younger.members)) put(older, member, younger.ties);
}

const closedAt = (one: Case): number =>
  Object.values(one.members).reduce((last, { ended_at }) => Math.max(last, ended_at ?? 0), one.last);

function tell(one: Case, desk: Desk, emit: Tell): void {
  one.untold = false;
  one.known = true;
  emit('incidents', rowOf(one, desk));
}

function rowOf(one: Case, desk: Desk): Incident {
  const members = Object.values(one.members);
  const open = one.going_on > 0;
  const { evidence, ...origin } = likelyOrigin(members, desk.map);
  return {
    ts: one.opened_at,
    id: one.id,
    ...origin,
    state: open ? 'open' : 'closed',
    gpus: gpusOf(members),
    nodes: nodesOf(members),
    episodes: Object.keys(one.members),
    evidence,
    opened_at: one.opened_at,
    closed_at: open ? null : closedAt(one),
  };
}
