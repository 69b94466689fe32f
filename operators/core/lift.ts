import { type Observable, Subject } from 'rxjs';
import type { Batch } from '../../pipeline/contract/batch.ts';
import type { Emit, Operator, StateSpec } from '../../pipeline/contract/operator.ts';
import { sliceBatch } from './batch-slice.ts';
import type { GroupState, GroupStates } from './group-state.ts';
import { advanceTimers, finishTimers, TIMER_STATE, timerStep } from './timers.ts';

export type PortStreams<Ports> = { readonly [P in keyof Ports]: Observable<Ports[P]> };

/** Takes what an operator tells, and the row of the whole batch that caused it. */
export type Told<Ports> = <P extends keyof Ports>(port: P, item: Ports[P], row: number) => void;

/** Every state column that a step keeps, by the name it is kept under. */
export const stateSpecs = (
  step: string,
  operator: { readonly state: StateSpec; readonly timer?: unknown },
): [string, StateSpec][] => [
  [step, operator.state],
  ...(operator.timer ? [[timerStep(step), TIMER_STATE] as [string, StateSpec]] : []),
];

/** Runs one operator over one batch of one group, cutting it where timers fall due. The engine-free heart of `lift`. */
export function runOperator<S extends StateSpec, Ports>(
  step: string,
  operator: Operator<S, Ports>,
  groupState: GroupState,
  batch: Batch,
  told: Told<Ports>,
): void {
  const { timer } = operator;
  let from = 0;
  const feed = (until: number): void => {
    if (until === from) return;
    const start = from;
    from = until;
    operator.onBatch(sliceBatch(batch, start, until), groupState.columns(step, operator.state), (port, item, ...row) =>
      told(port, item, start + (row[0] ?? 0)),
    );
  };
  if (timer) {
    advanceTimers(step, timer.every, groupState, batch, (now, row) => {
      feed(row);
      timer.onTime(now, groupState, groupState.columns(step, operator.state), (port, item) => told(port, item, row));
    });
  }
  feed(batch.rows);
}

/** The end of the input: timers up to then fire, none after, then the operator tells how things stand. */
export function finishOperator<S extends StateSpec, Ports>(
  step: string,
  operator: Operator<S, Ports>,
  groupState: GroupState,
  watermark: number,
  emit: Emit<Ports>,
): void {
  const columns = () => groupState.columns(step, operator.state);
  const { timer } = operator;
  if (timer) {
    finishTimers(step, timer.every, groupState, watermark, (now) => timer.onTime(now, groupState, columns(), emit));
  }
  operator.finish?.(watermark, groupState, columns(), emit);
}

/**
 * Lifts an operator into RxJS: an Observable of batches in, one Observable per port out. All state stays in `states`.
 * `around` wraps each call, for counters and timing; `onRow` hears which row caused the item that comes next.
 */
export const lift =
  <S extends StateSpec, Ports>(
    step: string,
    operator: Operator<S, Ports>,
    states: GroupStates,
    around: (batch: Batch, call: () => void) => void,
    onRow: (row: number) => void = () => undefined,
  ) =>
  (
    source: Observable<Batch>,
  ): { ports: PortStreams<Ports>; finish: (group: GroupState, watermark: number) => void } => {
    const subjects = new Map(operator.ports.map((port) => [port as keyof Ports, new Subject<unknown>()]));
    const told: Told<Ports> = (port, item, row) => {
      onRow(row);
      subjects.get(port)?.next(item);
    };
    source.subscribe({
      next(batch) {
        around(batch, () => runOperator(step, operator, states.get(batch.group), batch, told));
      },
      complete() {
        for (const subject of subjects.values()) subject.complete();
      },
    });
    return {
      ports: Object.fromEntries(subjects) as unknown as PortStreams<Ports>,
      finish: (group, watermark) =>
        finishOperator(step, operator, group, watermark, (port, item) => told(port, item, 0)),
    };
  };
