import type { Bus } from '../pipeline/contract/bus.ts';
import { MISSED_WILDCARD } from '../pipeline/contract/missed-events.ts';
import { seedUntilDone } from './seed-until-done.ts';

export interface ReadAgainOptions {
  readonly bus: Bus;
  /** Reads everything; tried until it succeeds, as what follows. */
  readonly seed: () => Promise<void>;
  /** Reads what the bus may have told while it was not heard. */
  readonly again: () => Promise<void>;
  /** Words may have been missed, and before each reading. */
  readonly onMissed?: (() => void) | undefined;
  /** So many ids of rows that were told are kept while readings are due. */
  readonly heard_max: number;
  readonly retry_ms?: number | undefined;
  /** How long after the start, and after words may have been missed, tables are read again. */
  readonly again_after_ms?: readonly number[] | undefined;
}

export interface ReadAgain {
  /** Whether everything was read once. */
  readonly seeded: boolean;
  /** Resolves when it was, or was given up by `stop`. */
  readonly seeding: Promise<void>;
  /** A row of this id was told. */
  note(id: string): void;
  /** Whether one was since words were missed last: the table's may be older. */
  heard(id: string): boolean;
  stop(): void;
}

/** Rows reach the table within a flush interval and what it takes to apply it; more under load. */
const AGAIN_AFTER_MS = [5_000, 60_000];

/**
 * Reads tables at the start, and again when the bus may have told what nobody here heard: a connection was lost, for however short,
 * a writer says so, or it was told before the start and not yet in the table then. State: `heard_max` ids while readings are due.
 */
export function readAgain(options: ReadAgainOptions): ReadAgain {
  const { bus, onMissed } = options;
  const waits = options.again_after_ms ?? AGAIN_AFTER_MS;
  const heard = new Set<string>();
  const due = new Map<number, NodeJS.Timeout>();
  const readings = new Set<{ stop(): void }>();
  let { losses } = bus;

  const seeding = seedUntilDone(options.seed, options);
  const pending = (): boolean => due.size > 0 || readings.size > 0 || !seeding.done;

  function read(): void {
    onMissed?.();
    const reading = seedUntilDone(options.again, options);
    readings.add(reading);
    void reading.finished.then(() => {
      readings.delete(reading);
      if (!pending()) heard.clear();
    });
  }

  function schedule(): void {
    waits.forEach((after_ms, turn) => {
      // The last reading waits for the last loss; the ones before must not be put off by one loss after the other.
      if (due.has(turn) && turn < waits.length - 1) return;
      clearTimeout(due.get(turn));
      const timer = setTimeout(() => {
        due.delete(turn);
        read();
      }, after_ms);
      timer.unref();
      due.set(turn, timer);
    });
  }

  function missed(): void {
    heard.clear();
    onMissed?.();
    schedule();
  }

  const subscription = bus.subscribe(MISSED_WILDCARD, missed);
  const looking = setInterval(() => {
    if (!bus.connected || bus.losses === losses) return;
    losses = bus.losses;
    missed();
  }, 1_000);
  looking.unref();
  schedule();

  return {
    get seeded() {
      return seeding.done;
    },
    seeding: seeding.finished,
    note(id) {
      if (!pending()) return;
      heard.add(id);
      for (const oldest of heard) {
        if (heard.size <= options.heard_max) break;
        heard.delete(oldest);
      }
    },
    heard: (id) => heard.has(id),
    stop() {
      seeding.stop();
      for (const reading of readings) reading.stop();
      for (const timer of due.values()) clearTimeout(timer);
      clearInterval(looking);
      subscription.unsubscribe();
    },
  };
}
