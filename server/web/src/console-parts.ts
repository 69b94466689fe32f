import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { LiveClient, LiveState } from '../../live-client.ts';
import type { AlertStore } from './alert-store.ts';
import type { FleetStore } from './fleet-store.ts';
import type { IncidentStore } from './incident-store.ts';

/** What every page builds on. */
export interface ConsoleParts {
  readonly client: LiveClient;
  readonly fleet: FleetStore;
  readonly incidents: IncidentStore;
  readonly alerts: AlertStore;
  readonly stale_after_ms: number;
  /** The fleet is not real, and the page must say so. */
  readonly simulated: boolean;
  /** Whose GPUs are shown; empty: all. */
  readonly tenant: string;
  /** Routes that this key may not call. */
  readonly refused: readonly string[];
}

/** Whether the key of this tab may call a route, as `GET /api/v1/models`. */
export function useMay(): (route: string) => boolean {
  const { refused } = useConsole();
  return (route) => !refused.includes(route);
}

export const ConsoleContext = createContext<ConsoleParts | null>(null);

export function useConsole(): ConsoleParts {
  const parts = useContext(ConsoleContext);
  if (parts === null) throw new Error('used outside of the console');
  return parts;
}

/** The time, every second. */
export function useNow(): number {
  const [now, set] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

export function useLiveState(client: LiveClient): LiveState {
  const [state, set] = useState(client.current);
  useEffect(() => {
    const subscription = client.state.subscribe(set);
    return () => subscription.unsubscribe();
  }, [client]);
  return state;
}

/** The open incidents, drawn anew with every answer. */
export function useIncidents(): IncidentStore {
  const { incidents } = useConsole();
  const [, redraw] = useState(0);
  useEffect(() => {
    const unsubscribe = incidents.subscribe(() => redraw(incidents.version));
    redraw(incidents.version);
    return unsubscribe;
  }, [incidents]);
  return incidents;
}

/** The open alerts, drawn anew with every change; followed while the component is there. */
export function useAlerts(): AlertStore {
  const { alerts } = useConsole();
  const [, redraw] = useState(0);
  useEffect(() => {
    const leave = alerts.use();
    const unsubscribe = alerts.subscribe(() => redraw(alerts.version));
    redraw(alerts.version);
    return () => {
      unsubscribe();
      leave();
    };
  }, [alerts]);
  return alerts;
}

/** The fleet store, drawn anew when it tells of changes; fed while the component is there. */
export function useFleet(): FleetStore {
  const { fleet, incidents } = useConsole();
  const [, redraw] = useState(0);
  useEffect(() => {
    const leave = fleet.use();
    let { alarms } = fleet;
    const unsubscribe = fleet.subscribe(() => {
      if (fleet.alarms !== alarms) incidents.hurry();
      ({ alarms } = fleet);
      redraw(fleet.version);
    });
    redraw(fleet.version);
    return () => {
      unsubscribe();
      leave();
    };
  }, [fleet, incidents]);
  return fleet;
}
