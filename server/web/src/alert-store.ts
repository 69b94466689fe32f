import type { LiveClient } from '../../live-client.ts';
import { compareAlerts, isQuiet } from './alert-order.ts';
import type { AlertAnswer } from './answers.ts';

/** The open alerts, live while somebody looks at them. */
export class AlertStore {
  /** Rises with every change. */
  version = 0;
  /** What is open has been told. */
  ready = false;
  /** Why the server does not tell them; null while it does. */
  failure: string | null = null;
  /** By id. */
  readonly open = new Map<string, AlertAnswer>();
  private readonly client: LiveClient;
  private readonly listeners = new Set<() => void>();
  private users = 0;
  private leave: (() => void) | null = null;
  private waitingOf: { readonly version: number; readonly alerts: readonly AlertAnswer[] } = {
    version: -1,
    alerts: [],
  };

  constructor(client: LiveClient) {
    this.client = client;
  }

  /** Follows until the function that is answered was called as often. */
  use(): () => void {
    if (this.users++ === 0) {
      const subscription = this.client.topic<readonly AlertAnswer[]>('alerts').subscribe({
        next: ({ type, data }) => {
          if (type === 'snapshot') this.open.clear();
          this.ready = true;
          this.failure = null;
          for (const alert of data) this.put(alert);
          this.tell();
        },
        error: (error: Error) => {
          this.failure = error.message;
          this.tell();
        },
      });
      this.leave = () => subscription.unsubscribe();
    }
    return () => {
      if (--this.users === 0) this.leave?.();
    };
  }

  /** What the API has answered of one, ahead of what will be heard. */
  take(alert: AlertAnswer): void {
    if (!this.open.has(alert.id)) return;
    this.put(alert);
    this.tell();
  }

  /** Those that are told and that nobody has taken notice of, what is only information left out; the worst first. */
  waiting(): readonly AlertAnswer[] {
    if (this.waitingOf.version !== this.version) {
      const alerts = [...this.open.values()]
        .filter((one) => one.severity !== 'info' && one.acknowledged_at === null && !isQuiet(one))
        .sort(compareAlerts);
      this.waitingOf = { version: this.version, alerts };
    }
    return this.waitingOf.alerts;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private put(alert: AlertAnswer): void {
    if (alert.state === 'open') this.open.set(alert.id, alert);
    else this.open.delete(alert.id);
  }

  private tell(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}
