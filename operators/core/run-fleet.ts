import type { Emit, FleetInput, FleetItem, FleetOperator, StateSpec } from '../../pipeline/contract/operator.ts';
import type { GroupState } from './group-state.ts';
import { multiples } from './timers.ts';

/** An item that waits for its turn, as plain data. */
export interface FleetEntry {
  /** Event time that counts for the order: the item's own, or the edge where it came later than `delay`. */
  readonly at: number;
  readonly input: string;
  readonly kept: FleetItem;
}

/** Besides a fleet operator's own columns: what waits for its turn, and the last multiple that its timer fired. */
const WAITING_STATE = {
  waiting: { scope: 'group', type: 'record', width: 1, initial: 0 },
  fired: { scope: 'group', type: 'f64', width: 1, initial: Number.NEGATIVE_INFINITY },
} as const satisfies StateSpec;

const waitingStep = (step: string): string => `${step}.waiting`;

/** Every state column of a fleet step, by the name it is kept under. */
export const fleetSpecs = (step: string, operator: { readonly state: StateSpec }): [string, StateSpec][] => [
  [step, operator.state],
  [waitingStep(step), WAITING_STATE],
];

type Erased<S extends StateSpec, Ports> = Readonly<Record<string, FleetInput<unknown, FleetItem, S, Ports>>>;

/** What the operator picks of an item. `edge`: up to where the fleet had been taken when the item's cause came. */
export function pickForFleet<Inputs, S extends StateSpec, Ports>(
  operator: FleetOperator<Inputs, S, Ports>,
  input: string,
  item: unknown,
  edge: number,
): FleetEntry | null {
  const kept = (operator.on as Erased<S, Ports>)[input]?.pick(item) ?? null;
  return kept === null ? null : { at: Math.max(kept.ts, edge), input, kept };
}

/** First place in the order of time behind everything up to and with `at`. */
function placeBehind(waiting: readonly FleetEntry[], at: number): number {
  let low = 0;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((waiting[middle] as FleetEntry).at <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Lets an entry wait for its turn, in the order of time; entries of one node and instant stay in the order in which they were
 * told. Cost: most come last; else a search and a move of those behind.
 */
export function waitForFleet(step: string, fleet: GroupState, entry: FleetEntry): void {
  const columns = fleet.columns(waitingStep(step), WAITING_STATE);
  const waiting = (columns.waiting[0] ?? []) as FleetEntry[];
  const last = waiting.at(-1);
  if (last === undefined || last.at <= entry.at) waiting.push(entry);
  else waiting.splice(placeBehind(waiting, entry.at), 0, entry);
  columns.waiting[0] = waiting;
}

/** Takes what a fleet step tells, and the event time at which it was caused. */
export type ToldAt<Ports> = <P extends keyof Ports>(port: P, item: Ports[P], at: number) => void;

/** The fleet's clock: the event time with which the stream began, and the largest one so far. */
export interface FleetTime {
  readonly began: number;
  readonly now: number;
}

/**
 * Takes what is older than `delay` against the fleet's clock, in the order of event time, of one instant by node. Items of
 * a node come from one group, which tells them in one order; so neither cuts nor the order between groups can show. A step
 * that takes from another one over the fleet comes after it and waits at least as long.
 */
export function runFleet<Inputs, S extends StateSpec, Ports>(
  step: string,
  operator: FleetOperator<Inputs, S, Ports>,
  fleet: GroupState,
  time: FleetTime,
  told: ToldAt<Ports>,
): void {
  if (time.now === 0) return;
  const { fired } = fleet.columns(waitingStep(step), WAITING_STATE);
  if (operator.timer && fired[0] === Number.NEGATIVE_INFINITY) {
    fired[0] = Math.floor((time.began - operator.delay) / operator.timer.every) * operator.timer.every;
  }
  const edge = time.now - operator.delay;
  takeBefore(step, operator, fleet, edge, told);
  passTime(step, operator, fleet, edge, told);
}

/** The end of the input: everything that waits, then the multiples up to and with the watermark. */
export function finishFleet<Inputs, S extends StateSpec, Ports>(
  step: string,
  operator: FleetOperator<Inputs, S, Ports>,
  fleet: GroupState,
  watermark: number,
  told: ToldAt<Ports>,
): void {
  takeBefore(step, operator, fleet, Number.POSITIVE_INFINITY, told);
  passTime(step, operator, fleet, watermark + 1, told);
}

function takeBefore<Inputs, S extends StateSpec, Ports>(
  step: string,
  operator: FleetOperator<Inputs, S, Ports>,
  fleet: GroupState,
  edge: number,
  told: ToldAt<Ports>,
): void {
  const columns = fleet.columns(waitingStep(step), WAITING_STATE);
  const waiting = columns.waiting[0] as FleetEntry[] | null;
  if (waiting === null) return;
  let count = 0;
  while (count < waiting.length && (waiting[count] as FleetEntry).at < edge) count++;
  if (count === 0) return;
  const due = waiting.splice(0, count);
  if (waiting.length === 0) columns.waiting[0] = null;
  due.sort((a, b) => a.at - b.at || (a.kept.node < b.kept.node ? -1 : Number(a.kept.node > b.kept.node)));
  for (const { at, input, kept } of due) {
    passTime(step, operator, fleet, at, told);
    const emit: Emit<Ports> = (port, item) => told(port, item, at);
    (operator.on as Erased<S, Ports>)[input]?.take(kept, fleet.columns(step, operator.state), emit);
  }
}

/** Fires the multiples of the timer that lie before `at`. */
function passTime<Inputs, S extends StateSpec, Ports>(
  step: string,
  operator: FleetOperator<Inputs, S, Ports>,
  fleet: GroupState,
  at: number,
  told: ToldAt<Ports>,
): void {
  const { timer } = operator;
  if (!timer) return;
  const { fired } = fleet.columns(waitingStep(step), WAITING_STATE);
  const due = Math.ceil(at / timer.every) * timer.every - timer.every;
  const last = fired[0] as number;
  if (due <= last) return;
  fired[0] = due;
  for (const now of multiples(last, timer.every, due)) {
    timer.onTime(now, fleet.columns(step, operator.state), (port, item) => told(port, item, now));
  }
}
