import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { ALERTS_STREAM } from './alert-table.ts';
import { type DeskState, emptyDesk } from './desk-state.ts';
import type { DeskStore } from './desk-store.ts';

/** What the desk begins with: its memory as it fits the stream of alerts, and how far that goes. */
export interface Remembered {
  readonly state: DeskState;
  /** Of the stored memory, to build on. */
  readonly revision: number;
  readonly created: string;
  readonly last_position: number;
  readonly messages: number;
}

/** Reads the memory; an empty one where there is none, told when there should be one. Throws VitalsError. */
export async function remembered(
  store: DeskStore,
  bus: Pick<Bus, 'streamState'>,
  tell: (error: VitalsError) => void,
): Promise<Remembered> {
  const { state: stored, revision } = await store.load();
  if (stored === null && revision > 0) {
    tell(new VitalsError('GV-ALT-006', 'The alert desk begins with an empty memory', 'GPU_VITALS_ALERT_DESK'));
  }
  const { created = '', last_position, messages } = await bus.streamState(ALERTS_STREAM);
  const state = stored ?? emptyDesk();
  if (state.stream !== created) Object.assign(state, { stream: created, position: 0 });
  return { state, revision, created, last_position, messages };
}
