import type { Anomaly } from '../../pipeline/contract/events.ts';
import { causeId, fnv1a } from '../../pipeline/contract/ids.ts';
import type { State } from '../../pipeline/contract/operator.ts';
import type { GpuIdentity, Registry } from '../../pipeline/contract/registry.ts';
import { type DurationMs, formatDuration } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';
import { dropMember, membersOf } from '../core/node-members.ts';
import { endFlicker, FLICKER_COLUMNS } from './flicker.ts';
import { LAP_COLUMNS, SEEN_MAX } from './laps.ts';

export interface LostOptions {
  /** Scrapes that must have had a GPU before it can be missed, and that must have come without it before it is lost. */
  readonly lost_scrapes: number;
  /** And time that must have passed since the first of them. */
  readonly lost_after: DurationMs;
  /**
   * A board known by its MIG instances only may be about to be partitioned, and where a node shows none of its GPUs the driver may
   * be about to be loaded: a warning first, critical after this.
   */
  readonly partition_grace: DurationMs;
}

/** A GPU is missed only when it has been away for so many of its own intervals. */
const OWN_INTERVALS = 3;

export const LOST_COLUMNS = {
  ...LAP_COLUMNS,
  ...FLICKER_COLUMNS,
  /** Beginning of the first lap without the GPU; 0 = it is there. */
  missing_since: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** When the anomaly of the board opened, on the one of its instances that stands for it; 0 = none. */
  lost_at: { scope: 'gpu', type: 'f64', width: 1, initial: 0 },
  /** NOT_LOST, or how far the board's loss has been told. */
  told: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
} as const;
type LostState = State<typeof LOST_COLUMNS>;

const NOT_LOST = 0;
const TOLD_WARNING = 1;
const TOLD_CRITICAL = 2;

/** The GPUs of a node that are not told as lost. */
export const reporting = (state: LostState, node: number): readonly number[] =>
  membersOf(state, node).filter((gpu) => state.told[gpu] === NOT_LOST);

/** What the judging of a node works on. */
export interface NodeAt {
  readonly registry: Registry;
  readonly node: number;
  readonly now: number;
  readonly state: LostState;
  readonly tell: (anomaly: Anomaly) => void;
}

const identityOf = (at: NodeAt, gpu: number): GpuIdentity => at.registry.gpus[gpu] as GpuIdentity;

/** The whole board before its instances, these by number: the first of a board stands for it. */
const byInstance = (a: GpuIdentity, b: GpuIdentity): number =>
  a.instance.localeCompare(b.instance, 'en', { numeric: true });

/** At the end of a lap that somebody was missing from; returns how many rows a lap should have from now on. */
export function judgeAbsent(at: NodeAt, options: LostOptions): number {
  const { state, node, now } = at;
  const members = membersOf(state, node);
  const lap = state.node_lap[node] as number;
  const away = (gpu: number): boolean => lap - (state.lap[gpu] as number) >= options.lost_scrapes;
  const newcomers = members.filter((gpu) => state.lap[gpu] === lap && (state.seen[gpu] as number) < SEEN_MAX);
  const due: number[] = [];
  let present = 0;
  for (const gpu of members) {
    if (state.lap[gpu] === lap) {
      present++;
      continue;
    }
    const heir = newcomers.find((other) => tookOver(at, other, gpu));
    if (heir !== undefined) {
      replace(at, gpu, identityOf(at, heir));
      continue;
    }
    if (state.missing_since[gpu] === 0) state.missing_since[gpu] = state.lap_ts[node] as number;
    if (
      away(gpu) &&
      now - (state.missing_since[gpu] as number) >= options.lost_after &&
      now - (state.last_ts[gpu] as number) > OWN_INTERVALS * (state.interval_ms[gpu] as number)
    )
      due.push(gpu);
  }
  for (const uuid of new Set(due.map((gpu) => identityOf(at, gpu).uuid))) {
    const gone = due.filter((gpu) => identityOf(at, gpu).uuid === uuid);
    const family = members.filter((gpu) => identityOf(at, gpu).uuid === uuid);
    if (family.some((gpu) => !away(gpu))) repartitioned(at, uuid, gone, family);
    else if (family.some((gpu) => state.told[gpu] !== NOT_LOST)) escalate(at, family, present, options);
    else if (family.some((gpu) => (state.seen[gpu] as number) >= options.lost_scrapes))
      lose(at, family, present, options);
    else for (const gpu of gone) dropMember(state, node, gpu);
  }
  return membersOf(state, node).filter((gpu) => state.told[gpu] !== TOLD_CRITICAL).length;
}

/** A row of a board that was lost, or of another instance of it. */
export function comeBack(at: NodeAt, uuid: string, how: string): void {
  const { state } = at;
  for (const gpu of membersOf(state, at.node)) {
    if (state.told[gpu] === NOT_LOST || identityOf(at, gpu).uuid !== uuid) continue;
    if (state.lost_at[gpu] !== 0) {
      at.tell(
        lostAnomaly(
          at,
          gpu,
          `${subject(at, gpu)} ${how} after ${elapsedWords(at.now - (state.missing_since[gpu] as number))}.`,
          true,
        ),
      );
    }
    state.told[gpu] = NOT_LOST;
    state.lost_at[gpu] = 0;
  }
}

/** Whether a board of the node stands in another slot than at the last heartbeat: as good as one that is new to the node. */
export function changesSlot({ registry, state }: NodeAt, gpu: number): boolean {
  const { pci_bus_id } = registry.gpus[gpu] as GpuIdentity;
  const before = state.slot[gpu] as number;
  const slot = pci_bus_id === '' ? 0 : fnv1a(pci_bus_id);
  state.slot[gpu] = slot;
  if (before === 0 || before === slot) return false;
  state.seen[gpu] = 0;
  return true;
}

/** Another board sits where a missing one sat: that one was replaced, and nobody need look for it. */
export function replaceMissing(at: NodeAt, gpu: number): void {
  const { state, node } = at;
  for (const other of membersOf(state, node)) {
    if (sameSlot(at, gpu, other) && state.lap[other] !== state.node_lap[node]) replace(at, other, identityOf(at, gpu));
  }
}

/**
 * Whether the newcomer `heir` came after `gone` was there for the last time, into its slot. The first of a node that was off
 * comes in the lap that still has the board before it, so that only the end of the next lap can tell.
 */
function tookOver(at: NodeAt, heir: number, gone: number): boolean {
  const { state, node } = at;
  const away = (state.node_lap[node] as number) - (state.lap[gone] as number);
  return (state.seen[heir] as number) <= away + 1 && sameSlot(at, heir, gone);
}

function sameSlot(at: NodeAt, one: number, other: number): boolean {
  const { uuid, pci_bus_id } = identityOf(at, one);
  const { uuid: other_uuid, pci_bus_id: slot } = identityOf(at, other);
  return pci_bus_id !== '' && pci_bus_id === slot && uuid !== other_uuid;
}

function replace(at: NodeAt, gone: number, { uuid, pci_bus_id }: GpuIdentity): void {
  const { state, node } = at;
  const how = `was replaced by ${uuid} in its slot ${pci_bus_id}`;
  comeBack(at, identityOf(at, gone).uuid, how);
  endFlicker(state.flicker[gone], at.now, how, at.tell);
  state.flicker[gone] = null;
  dropMember(state, node, gone);
}

const subject = (at: NodeAt, gpu: number): string => `${identityOf(at, gpu).uuid} on ${at.registry.nodes[at.node]}`;

function lose(at: NodeAt, family: readonly number[], present: number, options: LostOptions): void {
  const { state } = at;
  const [first] = [...family].sort((a, b) => byInstance(identityOf(at, a), identityOf(at, b)));
  if (first === undefined) return;
  const told = mayBePassing(at, first, present) ? TOLD_WARNING : TOLD_CRITICAL;
  for (const gpu of family) state.told[gpu] = told;
  state.lost_at[first] = at.now;
  at.tell(lostAnomaly(at, first, missedSentence(at, first, present, options), false));
}

function escalate(at: NodeAt, family: readonly number[], present: number, options: LostOptions): void {
  const { state } = at;
  const first = family.find((gpu) => state.lost_at[gpu] !== 0);
  if (first === undefined || state.told[first] === TOLD_CRITICAL) return;
  const patient =
    mayBePassing(at, first, present) && at.now - (state.lost_at[first] as number) < options.partition_grace;
  for (const gpu of family) state.told[gpu] = patient ? (state.told[first] as number) : TOLD_CRITICAL;
  if (!patient) at.tell(lostAnomaly(at, first, missedSentence(at, first, present, options), false));
}

const mayBePassing = (at: NodeAt, gpu: number, present: number): boolean =>
  identityOf(at, gpu).instance !== '' || present === 0;

function missedSentence(at: NodeAt, gpu: number, present: number, options: LostOptions): string {
  const { state, node } = at;
  const since = state.missing_since[gpu] as number;
  const scrapes = (state.node_lap[node] as number) - (state.lap[gpu] as number);
  const hollow = (state.hollow_lap[gpu] as number) > (state.lap[gpu] as number);
  const others = present === 1 ? '1 other of the node still reports' : `${present} others of the node still report`;
  return (
    `${subject(at, gpu)} is missing since ${new Date(since).toISOString()}: ${scrapes} scrapes in ` +
    `${elapsedWords(at.now - since)} came without ${hollow ? 'any reading of it' : 'it'}` +
    `${present === 0 ? ', nor any other GPU of the node' : ` while ${others}`} ` +
    `(limit ${options.lost_scrapes} scrapes and ${formatDuration(options.lost_after)}).`
  );
}

/** Some instances of a board are gone while others are there: somebody has cut it anew. */
function repartitioned(at: NodeAt, uuid: string, gone: readonly number[], family: readonly number[]): void {
  const { state, node } = at;
  const name = (gpu: number): string => identityOf(at, gpu).instance || 'the whole board';
  const names = (gpus: readonly number[]): string => gpus.map(name).join(', ');
  const [first] = gone;
  if (first === undefined) return;
  const opened_at = state.missing_since[first] as number;
  const rest = family.filter((gpu) => !gone.includes(gpu));
  at.tell({
    ts: opened_at,
    gpu_uuid: uuid,
    node: at.registry.nodes[node] as string,
    instance: '',
    id: causeId('absence', uuid, '', 'mig_reconfigured', names(gone), opened_at),
    type: 'mig_reconfigured',
    metric: '',
    severity: 'info',
    score: gone.length,
    observed: rest.length,
    expected: family.length,
    window: '',
    detector: 'absence',
    explanation: `The instances of ${subject(at, first)} changed: ${names(gone)} gone since ${new Date(opened_at).toISOString()}, ${names(rest)} there.`,
    state: 'closed',
    opened_at,
    closed_at: at.now,
  });
  for (const gpu of gone) dropMember(state, node, gpu);
}

function lostAnomaly(at: NodeAt, gpu: number, explanation: string, closed: boolean): Anomaly {
  const { state, node } = at;
  const { uuid } = identityOf(at, gpu);
  const opened_at = state.lost_at[gpu] as number;
  const missing_ms = at.now - (state.missing_since[gpu] as number);
  return {
    ts: opened_at,
    gpu_uuid: uuid,
    node: at.registry.nodes[node] as string,
    instance: '',
    id: causeId('absence', uuid, '', 'gpu_lost', '', opened_at),
    type: 'gpu_lost',
    metric: '',
    severity: state.told[gpu] === TOLD_CRITICAL ? 'critical' : 'warning',
    score: Math.round(missing_ms / 1_000),
    observed: 0,
    expected: 1,
    window: elapsedWords(missing_ms),
    detector: 'absence',
    explanation,
    state: closed ? 'closed' : 'open',
    opened_at,
    closed_at: closed ? at.now : null,
  };
}
