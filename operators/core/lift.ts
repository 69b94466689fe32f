import { type Observable, Subject } from 'rxjs';
import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Emit, Operator, StateSpec } from '../../pipeline/contract/operator.ts';
import { sliceBatch } from './batch-slice.ts';
import type { GroupState, GroupStates } from './group-state.ts';

export type PortStreams<Ports> = { readonly [P in keyof Ports]: Observable<Ports[P]> };

/** What timers need besides the operator's own columns: the group's clock, and the last multiple that fired. */
const TIMER_STATE = {
  clock: { scope: 'group', type: 'f64', width: 1, initial: Number.NEGATIVE_INFINITY },
  fired: { scope: 'group', type: 'f64', width: 1, initial: Number.NEGATIVE_INFINITY },
} as const satisfies StateSpec;

const timerStep = (step: string): string => `${step}.timer`;

/** Every state column that a step keeps, by the name it is kept under. */
export const stateSpecs = (step: string, operator: Operator<StateSpec, never>): [string, StateSpec][] => [
  [step, operator.state],
  ...(operator.timer ? [[timerStep(step), TIMER_STATE] as [string, StateSpec]] : []),
];

/** Runs one operator over one batch of one group, cutting it where timers fall due. The engine-free heart of `lift`. */
export function runOperator<S extends StateSpec, Ports>(
  step: string,
  operator: Operator<S, Ports>,
  groupState: GroupState,
  batch: Batch,
  emit: Emit<Ports>,
): void {
  const { timer } = operator;
  if (!timer) {
    operator.onBatch(batch, groupState.columns(step, operator.state), emit);
    return;
  }
  const time = groupState.columns(timerStep(step), TIMER_STATE);
  let from = 0;
  for (let row = 0; row < batch.rows; row++) {
    const ts = batch.ts[row] as number;
    if (ts <= (time.clock[0] as number)) continue;
    time.clock[0] = ts;
    const due = Math.floor(ts / timer.every) * timer.every;
    if (time.fired[0] === Number.NEGATIVE_INFINITY) time.fired[0] = due;
    if (due <= (time.fired[0] as number)) continue;
    if (row > from) operator.onBatch(sliceBatch(batch, from, row), groupState.columns(step, operator.state), emit);
    from = row;
    fireTimers(step, operator, groupState, due, emit);
  }
  if (from < batch.rows) {
    operator.onBatch(sliceBatch(batch, from, batch.rows), groupState.columns(step, operator.state), emit);
  }
}

/**
 * After a gap in event time only so many multiples fire, the last ones: a week of five-minute timers, which is all that any
 * window remembers. One row from the year 9999 would otherwise fire a billion.
 */
const FIRINGS_MAX = 2_016;

/** Fires the multiples after the last one fired, up to and with `until`. */
function fireTimers<S extends StateSpec, Ports>(
  step: string,
  operator: Operator<S, Ports>,
  groupState: GroupState,
  until: number,
  emit: Emit<Ports>,
): void {
  const { timer } = operator;
  if (!timer) return;
  const time = groupState.columns(timerStep(step), TIMER_STATE);
  const first = Math.max((time.fired[0] as number) + timer.every, until - (FIRINGS_MAX - 1) * timer.every);
  for (let at = first; at <= until; at += timer.every) {
    timer.onTime(at, groupState, groupState.columns(step, operator.state), emit);
  }
  time.fired[0] = until;
}

/** Moves a group's clock to the end of the input: timers up to then fire, none after. */
export function finishOperator<S extends StateSpec, Ports>(
  step: string,
  operator: Operator<S, Ports>,
  groupState: GroupState,
  watermark: number,
  emit: Emit<Ports>,
): void {
  if (!operator.timer) return;
  const time = groupState.columns(timerStep(step), TIMER_STATE);
  if (time.fired[0] === Number.NEGATIVE_INFINITY || watermark <= (time.clock[0] as number)) return;
  time.clock[0] = watermark;
  fireTimers(step, operator, groupState, Math.floor(watermark / operator.timer.every) * operator.timer.every, emit);
}

/**
 * Lifts an operator into RxJS: an Observable of batches in, one Observable per port out. All state stays in `states`.
 * `around` wraps each call, for counters and timing.
 */
export const lift =
  <S extends StateSpec, Ports>(
    step: string,
    operator: Operator<S, Ports>,
    states: GroupStates,
    around: (batch: Batch, call: () => void) => void,
  ) =>
  (source: Observable<Batch>): { ports: PortStreams<Ports>; finish: (watermark: number) => void } => {
    const subjects = new Map(operator.ports.map((port) => [port as keyof Ports, new Subject<unknown>()]));
    const emit: Emit<Ports> = (port, item) => subjects.get(port)?.next(item);
    source.subscribe({
      next(batch) {
        around(batch, () => runOperator(step, operator, states.get(batch.group), batch, emit));
      },
      complete() {
        for (const subject of subjects.values()) subject.complete();
      },
    });
    return {
      ports: Object.fromEntries(subjects) as unknown as PortStreams<Ports>,
      finish(watermark) {
        for (const group of states.all()) finishOperator(step, operator, group, watermark, emit);
      },
    };
  };
