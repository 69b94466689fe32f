import { type SettableClock, settableClock } from '../clock.ts';
import type { Alert, Silence } from '../contract/alerts.ts';
import type { Notification } from '../contract/notifications.ts';
import { type AlertRoute, alertRoutesSchema } from './alert-routes.ts';
import { alertDesk, type DeskOptions } from './desk.ts';
import { type DeskState, deskText, emptyDesk, readDesk } from './desk-state.ts';
import { handled, handlingOf, type StoredHandling, unhandled } from './handling.ts';
import { DEFAULT_INHIBITIONS } from './inhibitions.ts';

export const NOON = 1_767_268_800_000;
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

export const alertOf = (changes: Partial<Alert> = {}): Alert => ({
  ts: changes.opened_at ?? NOON,
  gpu_uuid: 'GPU-a',
  node: 'n1',
  instance: '',
  id: 'A',
  rule: 'hot',
  severity: 'critical',
  state: 'open',
  summary: `${changes.id ?? 'A'} is too hot: 96 °C since 12:00`,
  action_text: 'Look at its fan.',
  action: 'none',
  category: 'thermal',
  source: 'anomalies',
  source_id: 'x',
  model: 'H100',
  cluster: 'c1',
  rack: 'r1',
  owner: 'ml',
  tenant: '',
  job: '',
  opened_at: NOON,
  closed_at: null,
  ...changes,
});

export const closedOf = (alert: Alert, closed_at = alert.opened_at + MINUTE): Alert => ({
  ...alert,
  state: 'closed',
  closed_at,
});

/** A route as the configuration spells it. */
export const routeOf = (text: unknown = {}): AlertRoute => alertRoutesSchema.parse(text);

export type DeskWorld = ReturnType<typeof deskWorld>;

/** A desk with a clock and what it told, by hand. */
export function deskWorld(options: Partial<DeskOptions> & { readonly clock?: SettableClock } = {}) {
  const clock = options.clock ?? settableClock(NOON);
  const handling = new Map<string, StoredHandling>();
  const silences = new Map<string, Silence>();
  const told: { channel: string; notification: Notification; at: number }[] = [];
  const deskOptions: DeskOptions = {
    route: routeOf(),
    inhibitions: DEFAULT_INHIBITIONS,
    channels: ['chat'],
    handling: (alert) => handlingOf(alert, handling.get(alert.id)),
    silences: () => silences.values(),
    maintained: () => false,
    console: 'http://console',
    simulated: false,
    ...options,
  };
  let state: DeskState = emptyDesk();
  let desk = alertDesk(deskOptions, state);
  const tick = (): void => {
    for (const one of desk.tick(clock.now())) told.push({ ...one, at: clock.now() - NOON });
  };
  return {
    clock,
    told,
    silences,
    take(...alerts: Alert[]) {
      const taken = alerts.map((alert) => desk.take(alert, clock.now()));
      tick();
      return taken;
    },
    /** Lets time pass, looking whenever there is something to do. */
    pass(ms: number) {
      const end = clock.now() + ms;
      while (desk.nextAt() <= end) {
        const next = desk.nextAt();
        clock.set(Math.max(clock.now(), next));
        tick();
        // What is due and stays due would turn here for ever.
        if (desk.nextAt() <= clock.now()) throw new Error('a tick left something due');
      }
      clock.set(end);
      tick();
    },
    act(id: string, act: 'acknowledged' | 'unacknowledged', severity: Alert['severity'] = 'critical') {
      const told = { at: clock.now(), by: 'eve', act, to: '', note: '' };
      handling.set(id, handled(handling.get(id) ?? unhandled(id), told, severity));
      desk.worldChanged();
      tick();
    },
    silence(silence: Partial<Silence>) {
      const id = silence.id ?? `S${silences.size}`;
      silences.set(id, {
        id,
        kind: 'silence',
        matchers: [{ field: 'node', values: ['n1'] }],
        starts_at: clock.now(),
        ends_at: clock.now() + HOUR,
        created_by: 'eve',
        comment: '',
        created_at: clock.now(),
        ...silence,
      });
      desk.worldChanged();
      tick();
    },
    /** Stores and restores, as a restart does. */
    restart(changes: Partial<DeskOptions> = {}) {
      const text = deskText(state);
      state = readDesk(text) ?? emptyDesk();
      desk = alertDesk({ ...deskOptions, ...changes }, state);
      return text;
    },
    state: () => state,
    /** What was told, in short: seconds, channel, reason, ids. */
    lines: () =>
      told.map(
        ({ at, channel, notification: { reason, status, alerts } }) =>
          `${at / 1_000} ${channel} ${reason} ${status} ${alerts.map((one) => `${one.id}${one.state === 'closed' ? '-' : '+'}`).join(' ')}`,
      ),
  };
}
