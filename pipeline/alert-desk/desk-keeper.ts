import type { Clock } from '../clock.ts';
import type { Outbox } from '../contract/notifications.ts';
import type { DeskState, Outgoing } from './desk-state.ts';
import type { DeskStore } from './desk-store.ts';

export interface DeskKeeper {
  /** The state is not what was stored last. */
  changed(): void;
  /**
   * Stores the state, then sends what of it was not sent: nothing is told that is not remembered. False, and nothing is
   * sent, when another one has stored since. Throws VitalsError when the bus is away; to be called again then.
   */
  save(options?: { readonly at_once: boolean }): Promise<boolean>;
}

export interface DeskKeeperOptions {
  readonly store: DeskStore;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly state: DeskState;
  /** Of the stored state that this one began as. */
  readonly revision: number;
  readonly onSent: () => void;
}

const REST_MS = 1_000;
/** Storing takes at most this part of the time while nothing waits to be sent. */
const SAVE_PART = 1 / 20;

/** Between the desk and the outbox: a message stays in the stored state until the outbox has let go of it. */
export function deskKeeper(options: DeskKeeperOptions): DeskKeeper {
  const { store, outbox, clock, state } = options;
  /** Messages that this process has given to the outbox. */
  const given = new Set<string>();
  let { revision } = options;
  let dirty = true;
  let first = true;
  let rest_until = Number.NEGATIVE_INFINITY;

  const keyOf = ({ channel, notification }: Outgoing): string => `${channel} ${notification.id}`;
  const held = ({ channel, notification }: Outgoing): boolean => outbox.holds(channel, notification.id);

  function forget(): void {
    const kept = state.outgoing.filter((one) => !given.has(keyOf(one)) || held(one));
    if (kept.length === state.outgoing.length) return;
    const left = new Set(kept.map(keyOf));
    for (const key of given) if (!left.has(key)) given.delete(key);
    state.outgoing = kept;
    dirty = true;
  }

  return {
    changed() {
      dirty = true;
    },
    async save({ at_once } = { at_once: false }) {
      forget();
      if (!dirty) return true;
      const unsent = state.outgoing.filter((one) => !given.has(keyOf(one)));
      const began = clock.monotonic();
      if (unsent.length === 0 && began < rest_until && !at_once) return true;
      dirty = false;
      try {
        const next = await store.save(state, revision);
        if (next === null) return false;
        revision = next;
        if (first) await store.clear(next);
        first = false;
      } catch (cause) {
        dirty = true;
        throw cause;
      }
      const ended = clock.monotonic();
      rest_until = ended + Math.max(REST_MS, (ended - began) / SAVE_PART);
      for (const one of unsent) {
        given.add(keyOf(one));
        outbox.send(one.channel, one.notification);
        options.onSent();
      }
      return true;
    },
  };
}
