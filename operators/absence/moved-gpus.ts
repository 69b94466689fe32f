import type { Anomaly } from '../../pipeline/contract/events.ts';
import type { FleetOperator, State } from '../../pipeline/contract/operator.ts';
import type { DurationMs } from '../../pipeline/contract/time.ts';
import { elapsedWords } from '../core/elapsed-words.ts';
import type { Arrival } from './absence.ts';

export interface MovedGpusOptions {
  /** Arrivals of so many GPUs, the newest ones, are remembered. */
  readonly arrivals_max: number;
  /** How far items of different groups may lie apart in the stream. */
  readonly delay: DurationMs;
}

interface MovedGpusInputs {
  readonly anomalies: Anomaly;
  readonly arrivals: Arrival;
  readonly gone: Anomaly;
}

interface Moves {
  /** Lost GPUs, by UUID, as they were told. */
  readonly lost: Record<string, Anomaly>;
  /** Newest arrivals, oldest first: by UUID, as texts, which a snapshot writes in a third of the time. */
  readonly arrivals: Record<string, PackedArrival>;
  count: number;
}

/** Time and node; earlier releases kept objects. */
type PackedArrival = string | Arrival;

const STATE = { moves: { scope: 'group', type: 'record', width: 1, initial: 0 } } as const;

/**
 * Closes gpu_lost of a board that reports from another node, in whatever group that one is.
 *
 * Input    anomalies and arrivals of `absence`; gone: closings of gpu_lost by `gone`, whose group cannot know where else it is.
 * Output   anomalies: gpu_lost again, closed, when the board has come up elsewhere after it was last seen, or already had; and
 *          those that are gone, unless they have come up.
 * State    one record: the lost GPUs and the newest arrivals, 70 B each.
 * Cost     O(1) per arrival and per gpu_lost.
 * Errors   none.
 */
export const movedGpus = (
  options: MovedGpusOptions,
): FleetOperator<MovedGpusInputs, typeof STATE, { anomalies: Anomaly }> => ({
  name: 'moved_gpus',
  summary: 'lost GPUs that report from another node',
  state: STATE,
  ports: ['anomalies'],
  delay: options.delay,
  on: {
    anomalies: {
      pick: (anomaly) =>
        anomaly.type === 'gpu_lost' ? { ts: anomaly.closed_at ?? anomaly.ts, node: anomaly.node, anomaly } : null,
      take({ anomaly }: { ts: number; node: string; anomaly: Anomaly }, state, emit) {
        const moves = movesOf(state);
        const { lost, arrivals } = moves;
        const key = keyOf(anomaly.gpu_uuid);
        const arrival = arrivalOf(key, arrivals);
        delete lost[key];
        if (anomaly.state === 'closed') {
          // It is back where it was, so that where it had been meanwhile no longer explains its next absence.
          if (arrival !== undefined && arrival.node !== anomaly.node) {
            delete arrivals[key];
            moves.count--;
          }
          return;
        }
        if (arrival !== undefined && arrival.node !== anomaly.node) emit('anomalies', closed(anomaly, arrival));
        else lost[key] = anomaly;
      },
    },
    gone: {
      pick: (anomaly) => (anomaly.closed_at === null ? null : { ts: anomaly.closed_at, node: anomaly.node, anomaly }),
      take({ anomaly }: { ts: number; node: string; anomaly: Anomaly }, state, emit) {
        const { lost } = movesOf(state);
        const key = keyOf(anomaly.gpu_uuid);
        if (lost[key]?.id !== anomaly.id) return;
        delete lost[key];
        emit('anomalies', anomaly);
      },
    },
    arrivals: {
      pick: ({ ts, node, gpu_uuid }) => ({ ts, node, gpu_uuid }),
      take(arrival: Arrival, state, emit) {
        const moves = movesOf(state);
        const key = keyOf(arrival.gpu_uuid);
        const anomaly = moves.lost[key];
        if (anomaly !== undefined && anomaly.node !== arrival.node) {
          delete moves.lost[key];
          emit('anomalies', closed(anomaly, arrival));
        }
        if (moves.arrivals[key] === undefined) moves.count++;
        delete moves.arrivals[key];
        moves.arrivals[key] = `${arrival.ts} ${arrival.node}`;
        if (moves.count <= options.arrivals_max) return;
        for (const oldest in moves.arrivals) {
          delete moves.arrivals[oldest];
          moves.count--;
          break;
        }
      },
    },
  },
});

const keyOf = (gpu_uuid: string): string => `@${gpu_uuid}`;

function arrivalOf(key: string, arrivals: Moves['arrivals']): Arrival | undefined {
  const told = arrivals[key];
  if (typeof told !== 'string') return told;
  const space = told.indexOf(' ');
  return { ts: Number(told.slice(0, space)), node: told.slice(space + 1), gpu_uuid: key.slice(1) };
}

function movesOf(state: State<typeof STATE>): Moves {
  const moves = (state.moves[0] ?? { lost: {}, arrivals: {}, count: 0 }) as Moves;
  state.moves[0] = moves;
  return moves;
}

function closed(anomaly: Anomaly, arrival: Arrival): Anomaly {
  const closed_at = Math.max(anomaly.opened_at, arrival.ts);
  const where = `${anomaly.gpu_uuid} reports from ${arrival.node} since ${new Date(arrival.ts).toISOString()}`;
  const when = closed_at > anomaly.opened_at ? `, ${elapsedWords(closed_at - anomaly.opened_at)} later` : '';
  return { ...anomaly, state: 'closed', closed_at, explanation: `${where}${when}: it was moved, not lost.` };
}
