import { storedVersions } from '../pipeline/alert-desk/alert-history.ts';
import { alertRoutesSchema } from '../pipeline/alert-desk/alert-routes.ts';
import { ALERTS_STREAM } from '../pipeline/alert-desk/alert-table.ts';
import { openDeskMemory } from '../pipeline/alert-desk/buckets.ts';
import { type AlertDesk, alertDesk } from '../pipeline/alert-desk/desk.ts';
import { emptyDesk } from '../pipeline/alert-desk/desk-state.ts';
import { deskStore } from '../pipeline/alert-desk/desk-store.ts';
import { followPeople } from '../pipeline/alert-desk/follow-people.ts';
import { handlingOf } from '../pipeline/alert-desk/handling.ts';
import type { InhibitionRule } from '../pipeline/alert-desk/inhibitions.ts';
import type { Board } from '../pipeline/alert-desk/maintained-boards.ts';
import { followMaintenance } from '../pipeline/alert-desk/maintained-gpus.ts';
import { readAlert } from '../pipeline/alert-desk/read-alert.ts';
import { readOn } from '../pipeline/bus/read-on.ts';
import type { Clock } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import { type AlertAnswers, type AlertSource, alertAnswers } from './alert-answers.ts';

export interface AlertViewOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly inhibitions: readonly InhibitionRule[];
  /** All boards as their labels told of them. */
  readonly seen: () => Promise<readonly Board[]>;
  readonly onFailure: (error: unknown, where: string) => void;
  /** Pause after a failed start. */
  readonly retry_ms?: number;
  /** Alerts that are known as open at a time; what is beyond is in the table only. */
  readonly open_max?: number;
}

const OPEN_MAX = 50_000;
/** What has closed leaves when somebody asks, and without questions when so many alerts have come, or after so long. */
const SETTLE_SHARE = 0.02;
const SETTLE_MS = 10_000;

/** The desk of the API tells nobody. */
const NO_ROUTE = alertRoutesSchema.parse({ channels: [] });

interface Parts extends AlertSource {
  readonly stop: () => Promise<void>;
}

/**
 * Begins to follow at once, and again until it works; until then nothing is open and writing is refused.
 * State: the open alerts, at most `open_max`, 2 % more that have closed, and the ids of the last 20,000 that are over.
 */
export function alertView(options: AlertViewOptions): AlertAnswers & { stop(): Promise<void> } {
  const { bus, clock, inhibitions, onFailure, open_max = OPEN_MAX } = options;
  const stopping = new AbortController();
  let parts: Parts | null = null;

  async function start(): Promise<Parts> {
    let desk: AlertDesk | null = null;
    const failed = (cause: unknown): void => onFailure(cause, 'alerts');
    const worldChanged = (): void => desk?.worldChanged();
    const people = await followPeople({ bus, onHandling: worldChanged, onSilence: worldChanged, onFailure: failed });
    const maintenance = await followMaintenance({
      bus,
      clock,
      seen: options.seen,
      onChange: worldChanged,
      onFailure: failed,
    });
    // What the desk remembers spares reading months of a stream.
    const { state: stored } = await deskStore(await openDeskMemory(bus), 'none').load();
    const { created = '' } = await bus.streamState(ALERTS_STREAM);
    const state = stored ?? emptyDesk();
    state.outgoing = [];
    state.groups.clear();
    for (const entry of state.entries.values()) entry.places = {};
    if (state.stream !== created) state.position = 0;
    const made = alertDesk(
      {
        route: NO_ROUTE,
        inhibitions,
        channels: [],
        handling: (alert) => handlingOf(alert, people.handling.values.get(alert.id)),
        silences: () => people.silences.values.values(),
        maintained: (alert) => maintenance.has(alert),
        console: '',
        simulated: false,
        open_max,
      },
      state,
    );
    desk = made;
    /** Nobody is told, but what is over has to leave. */
    const settle = (): void => {
      made.tick(clock.now());
      made.takeQuietChanges();
    };
    let taken = 0;
    let position = state.position;
    const done = readOn({
      read: () => bus.read({ stream: ALERTS_STREAM, from: position + 1 }, stopping.signal),
      take(batch) {
        for (const message of batch) {
          position = message.position;
          const alert = readAlert(message.data);
          if (typeof alert === 'string') continue;
          made.take(alert, clock.now());
          if (++taken >= open_max * SETTLE_SHARE) {
            taken = 0;
            settle();
          }
        }
      },
      signal: stopping.signal,
      onFailure: failed,
    });
    const settling = setInterval(settle, SETTLE_MS);
    settling.unref();
    return {
      handling: people.handling,
      silences: people.silences,
      desk: made,
      async stop() {
        clearInterval(settling);
        await Promise.all([done, people.stop(), maintenance.stop()]);
      },
    };
  }

  async function startUntilDone(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        parts = await start();
        return;
      } catch (cause) {
        if (bus.connected) onFailure(cause, 'alerts');
        await pause(options.retry_ms ?? 2_000, stopping.signal);
      }
    }
  }
  const starting = startUntilDone();

  return {
    ...alertAnswers({ clock, source: () => parts, versions: (alert) => storedVersions(bus, alert) }),
    async stop() {
      stopping.abort();
      await starting;
      await parts?.stop();
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
