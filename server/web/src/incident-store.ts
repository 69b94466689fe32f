import type { IncidentAnswer } from './answers.ts';
import { api } from './api.ts';
import { type Asking, keepAsking } from './keep-asking.ts';

const EVERY_MS = 30_000;
const OPEN_MAX = 500;

/** The open incidents as this page knows them, worst first; asked for every half minute and when it is hurried. */
export class IncidentStore {
  /** Rises with every answer. */
  version = 0;
  /** Null until the first answer. */
  open: readonly IncidentAnswer[] | null = null;
  /** How many there are, also beyond those that are kept. */
  total = 0;
  /** Why they cannot be read just now; null while they can. */
  failure: string | null = null;
  /** When they were last read, epoch ms. */
  read_at: number | null = null;
  private readonly listeners = new Set<() => void>();
  private asking: Asking | null = null;

  start(): void {
    this.asking ??= keepAsking(async (signal) => {
      const answered = await this.ask(signal);
      if (!signal.aborted) for (const listener of this.listeners) listener();
      return answered;
    }, EVERY_MS);
  }

  stop(): void {
    this.asking?.stop();
    this.asking = null;
  }

  hurry(): void {
    this.asking?.hurry();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async ask(signal: AbortSignal): Promise<boolean> {
    try {
      const query = { state: 'open', limit: OPEN_MAX };
      const { items, total } = await api.get('/api/v1/incidents', { query, signal });
      this.open = [...(items as readonly IncidentAnswer[])].sort(compareIncidents);
      this.total = total;
      this.failure = null;
      this.read_at = Date.now();
    } catch (error) {
      if (signal.aborted) return true;
      this.failure = (error as Error).message;
    }
    this.version++;
    return this.failure === null;
  }
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;

/** Worst severity first, then the one of most GPUs, then the one that has waited longest. */
export function compareIncidents(a: IncidentAnswer, b: IncidentAnswer): number {
  return (
    RANK[a.severity] - RANK[b.severity] ||
    b.gpus.length - a.gpus.length ||
    (a.opened_at < b.opened_at ? -1 : a.opened_at > b.opened_at ? 1 : 0) ||
    (a.id < b.id ? -1 : 1)
  );
}
