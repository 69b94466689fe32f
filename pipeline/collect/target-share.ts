import { randomUUID } from 'node:crypto';
import type { KeyValue } from '../bus/key-value.ts';
import { type Clock, pause, systemTimers } from '../clock.ts';
import { ClusterView } from '../cluster/cluster-view.ts';
import { Membership } from '../cluster/membership.ts';
import { OwnLease } from '../cluster/own-lease.ts';
import type { DurationMs } from '../contract/time.ts';
import { BusOutage } from './bus-outage.ts';
import type { CollectorEvent } from './collector-events.ts';
import { targetOwner } from './target-owner.ts';

export interface TargetShareOptions {
  readonly keys: KeyValue;
  /** One of a kind among all collectors that share. */
  readonly name: string;
  /** A collector that says nothing for so long is taken for dead; it scrapes nothing after two thirds. */
  readonly lease: DurationMs;
  readonly clock: Clock;
  /** Whether NATS is there. */
  readonly connected: () => boolean;
  /** Called when NATS has answered nothing for a lease over a connection that looks whole, and again after each further one. */
  readonly on_silence: () => void;
  readonly on_event: (event: CollectorEvent) => void;
}

/** One collector's part of the targets that several scrape. */
export interface TargetShare {
  /** Whether a target is ours, as far as was heard of who is there. */
  owns(key: string): boolean;
  /** Whether we may scrape what is ours: asked before a scrape and again before its answer is used. */
  allowed(): boolean;
  /** Called whenever what `owns` says may have changed. One listener. */
  onChange(listener: () => void): void;
  /** Leaves what is ours to the others at once: to be called when nothing is scraped any more. Never rejects. */
  end(): Promise<void>;
}

const TICK_MS = 50;
const JOIN_MS = 100;
const SAME_NAME_MS = 3_000;
const END_MAX_MS = 1_000;
/** A NATS server that tells nothing for so many leases, not even our own beats, is asked anew; so long without an answer is silence. */
const SILENT_LEASES = 1;

/**
 * Enters the collectors that share, and says again and again that it is there (`OwnLease`). The lease is held before anything
 * is scraped, so that of a silent one others take over after it has stopped. Only while NATS answers nothing at all each goes
 * on with what it had: the spool keeps it. State: a record a collector. Cost: 6 small writes a lease.
 * Throws VitalsError GV-BUS-001 or GV-BUS-002 when the keys cannot be read at the start; later troubles are events.
 */
export async function shareTargets(options: TargetShareOptions): Promise<TargetShare> {
  const { keys, name, lease, clock, connected, on_silence, on_event } = options;
  const view = new ClusterView(clock);
  const membership = new Membership({ keys, view, worker: name, lease, clock });
  const outage = new BusOutage({ lease, clock });
  const stopping = new AbortController();
  const { signal } = stopping;
  let own: OwnLease | null = null;
  /** Monotonic instant since which the lease was held without a break. */
  let held_from = 0;
  let members: readonly string[] = [];
  let listener: () => void = () => undefined;
  let wake: () => void = () => undefined;

  const sleep = (ms: number): Promise<void> => pause(systemTimers, ms, signal).catch(() => undefined);
  const tell = (kind: 'share_changed' | 'share_lost' | 'share_refused', detail: string): void => {
    const code = kind === 'share_lost' ? 'GV-CLU-001' : kind === 'share_refused' ? 'GV-CLU-002' : null;
    on_event({ kind, code, where: 'collector-cluster', detail });
  };
  function become(next: readonly string[]): void {
    if (next.length === members.length && next.every((one, n) => one === members[n])) return;
    members = next;
    if (next.length > 0) tell('share_changed', `targets are shared by ${next.join(', ')}`);
    listener();
  }

  /** One life after the other: each ends when others took us for dead. */
  async function live(): Promise<void> {
    let next: OwnLease | null = null;
    let waits_from = clock.monotonic();
    let told = false;
    while (!signal.aborted) {
      try {
        if (own === null) {
          next ??= new OwnLease({ keys, worker: name, incarnation: randomUUID(), lease, clock });
          const asked_at = clock.monotonic();
          const joined = await next.join();
          outage.answered(asked_at);
          if (joined && signal.aborted) await next.end();
          else if (joined) {
            [own, next, held_from, told] = [next, null, clock.monotonic(), false];
            wake();
          } else if (!told && clock.monotonic() - waits_from > SAME_NAME_MS + lease) {
            told = true;
            tell('share_refused', `a collector ${name} is there already: this one scrapes nothing`);
          }
        } else {
          const held = own.held();
          const asked_at = clock.monotonic();
          const renewed = await own.renew();
          outage.answered(asked_at);
          if (!renewed) {
            [own, waits_from] = [null, clock.monotonic()];
            if (!signal.aborted)
              tell('share_lost', `${name} was silent for ${lease} ms, others have taken its targets`);
            become([]);
            continue;
          }
          if (!held) held_from = clock.monotonic();
        }
      } catch {
        // NATS is away, or cannot answer: the lease ends by itself.
      }
      await sleep(own?.every ?? JOIN_MS);
    }
  }

  /** Follows the keys; begins anew when nothing is heard. */
  async function follow(): Promise<void> {
    while (!signal.aborted) {
      const following = new AbortController();
      view.heard_at = clock.monotonic();
      const check = setInterval(() => {
        const silent = clock.monotonic() - view.heard_at > SILENT_LEASES * lease;
        if (signal.aborted || (silent && connected())) following.abort();
      }, TICK_MS);
      await view.follow(keys, following.signal, () => wake()).catch(() => undefined);
      clearInterval(check);
      await sleep(TICK_MS);
    }
  }

  async function arrange(): Promise<void> {
    while (!signal.aborted) {
      // After an outage everybody is given the time to be heard again.
      if (own?.held() && clock.monotonic() - held_from >= lease) {
        const buried = await membership.bury().catch(() => []);
        for (const one of buried)
          tell('share_changed', `${one} was silent for ${lease} ms, its targets are taken over`);
      }
      if (own?.held()) become([...new Set([...membership.names(), name])].sort());
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, TICK_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** How often nothing was answered for so long. */
  let silences = 0;
  function look(): void {
    outage.look();
    const now = Math.floor(outage.silent_ms / (SILENT_LEASES * lease));
    if (now > silences && connected()) on_silence();
    silences = now;
  }

  await view.load(keys);
  const looks = setInterval(look, TICK_MS);
  const loops = [live(), follow(), arrange()];

  return {
    owns: (key) => targetOwner(key, members) === name,
    allowed: () => own?.held() === true || outage.lasts(),
    onChange(then) {
      listener = then;
    },
    async end() {
      stopping.abort();
      clearInterval(looks);
      wake();
      const ended = own?.end().catch(() => undefined);
      await Promise.race([
        Promise.all([ended, ...loops]),
        new Promise<void>((resolve) => {
          setTimeout(resolve, END_MAX_MS).unref();
        }),
      ]);
    },
  };
}
