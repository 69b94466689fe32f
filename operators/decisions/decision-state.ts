import type { HealthScore, RecoveryAction } from '../../pipeline/contract/events.ts';
import type { State } from '../../pipeline/contract/operator.ts';

/** The newest scores of a GPU that are kept: the last may lie ahead of the vector that is decided on. */
const SCORES_KEPT = 2;

const unknown = { scope: 'gpu', type: 'f64', width: 1, initial: Number.NaN } as const;
const instant = { scope: 'gpu', type: 'f64', width: 1, initial: 0 } as const;
const score = { scope: 'gpu', type: 'f64', width: SCORES_KEPT, initial: Number.NaN } as const;

export const DECISION_STATE = {
  /** The last scores, newest first: when (0 = none), what, how sure, and the action by its place in ACTIONS. */
  health_ts: { ...score, initial: 0 },
  health: score,
  health_confidence: score,
  action: { scope: 'gpu', type: 'u8', width: SCORES_KEPT, initial: 0 },
  /** The last prediction. */
  p7: unknown,
  p30: unknown,
  p90: unknown,
  prediction_confidence: unknown,
  prediction_ts: instant,
  /** The last vector. */
  vector_ts: instant,
  utilisation: unknown,
  power_watts: unknown,
  age_days: unknown,
  warranty_days: unknown,
  /** When a decision was told last; 0 = never. */
  told_ts: instant,
  /** 1: one is due, and waits for the prediction of its vector. */
  due: { scope: 'gpu', type: 'u8', width: 1, initial: 0 },
} as const;
export type DecisionState = State<typeof DECISION_STATE>;

const ACTIONS: readonly RecoveryAction[] = [
  'none',
  'restart_application',
  'reset_gpu',
  'reboot_node',
  'drain_and_reset',
  'replace_gpu',
];

/** Takes a score in its place by time; one of the same instant replaces the one before, one that is too old is let go. */
export function keepScore(told: HealthScore, gpu: number, state: DecisionState): void {
  const first = gpu * SCORES_KEPT;
  const [newest, before] = [state.health_ts[first] as number, state.health_ts[first + 1] as number];
  if (told.ts > newest) {
    if (newest > 0) moveBack(first, state);
    put(told, first, state);
  } else if (told.ts === newest) put(told, first, state);
  else if (told.ts >= before) put(told, first + 1, state);
}

function moveBack(first: number, state: DecisionState): void {
  for (const column of [state.health_ts, state.health, state.health_confidence, state.action]) {
    column[first + 1] = column[first] as number;
  }
}

function put(told: HealthScore, cell: number, state: DecisionState): void {
  state.health_ts[cell] = told.ts;
  state.health[cell] = told.overall_score ?? Number.NaN;
  state.health_confidence[cell] = told.confidence;
  state.action[cell] = Math.max(0, ACTIONS.indexOf(told.action));
}

/** A GPU's newest score at or before an instant. */
export interface KnownHealth {
  readonly health: number;
  readonly health_confidence: number;
  readonly action: RecoveryAction;
}

/** Null when there is none, or when it said that nothing is known. */
export function healthAt(gpu: number, ts: number, state: DecisionState): KnownHealth | null {
  for (let cell = gpu * SCORES_KEPT; cell < (gpu + 1) * SCORES_KEPT; cell++) {
    const at = state.health_ts[cell] as number;
    if (at === 0 || at > ts) continue;
    const health = state.health[cell] as number;
    if (Number.isNaN(health)) return null;
    const action = ACTIONS[state.action[cell] as number] ?? 'none';
    return { health, health_confidence: state.health_confidence[cell] as number, action };
  }
  return null;
}
