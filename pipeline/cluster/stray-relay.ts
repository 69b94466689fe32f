import { type StoredMessage, storedMessage } from '../bus/stored-messages.ts';
import { outOfBatch } from '../bus/wire-headers.ts';
import { pause, systemTimers, type Timers } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { groupToken } from '../contract/ids.ts';
import { groupOfSubject, nodeOfSubject } from '../group-of-subject.ts';

/** Messages under subjects that name no group are read by nobody in a cluster: they are stored again under their group's. */
export interface StrayRelay {
  /**
   * Hands on the messages at these positions, in this order. Resolves when all of them lie under their groups' subjects, or
   * when the signal aborts: then nobody knows of how many that is true. Never rejects.
   */
  relay(positions: readonly number[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface StrayRelayOptions {
  readonly bus: Bus;
  /** By the time at which it was made: the same message has the same id again in it, and in no other one. */
  readonly stream: string;
  readonly tell: (error: VitalsError) => void;
  /** A message of DCGM_RAW, in place of reading it over the bus. */
  readonly read?: (position: number) => Promise<StoredMessage | null>;
  /** The machine's, when left out. */
  readonly timers?: Timers;
}

const AT_ONCE = 32;
const AGAIN_MS = 500;

/**
 * What cannot be read or stored now is tried again until it can; that it cannot is told once. A message that is gone is left;
 * one that the stream refuses for good is told and left. Memory: 32 messages.
 */
export function strayRelay({ bus, stream, tell, timers = systemTimers, ...options }: StrayRelayOptions): StrayRelay {
  const { read = (position: number) => storedMessage(bus, 'DCGM_RAW', position) } = options;
  const publisher = bus.publisher({ waits_for_store: true });

  function fail(position: number, cause: unknown): void {
    const what = `position ${position} could not be handed to its group`;
    tell(cause instanceof VitalsError ? cause : new VitalsError('GV-BUS-002', what, 'DCGM_RAW', { cause }));
  }
  async function readAll(
    positions: readonly number[],
    signal: AbortSignal,
  ): Promise<readonly (StoredMessage | null)[]> {
    for (let told = false; !signal.aborted; told = true) {
      try {
        return await Promise.all(positions.map(read));
      } catch (cause) {
        if (!told && !signal.aborted) fail(positions[0] as number, cause);
      }
      await pause(timers, AGAIN_MS, signal).catch(() => undefined);
    }
    return [];
  }
  async function store(message: StoredMessage, signal: AbortSignal): Promise<void> {
    const { subject, data, headers, arrived_at, position } = message;
    const group = groupToken(groupOfSubject(subject));
    try {
      await publisher.publish({
        subject: `dcgm.raw.${group}.${nodeOfSubject(subject)}`,
        data,
        headers: {
          'Event-Time': String(arrived_at),
          ...outOfBatch(headers),
          'Nats-Msg-Id': `stray:${stream}:${position}`,
        },
      });
    } catch (cause) {
      if (!signal.aborted) fail(position, cause);
    }
  }

  return {
    async relay(positions, signal) {
      for (let first = 0; first < positions.length && !signal.aborted; first += AT_ONCE) {
        const found = await readAll(positions.slice(first, first + AT_ONCE), signal);
        if (signal.aborted) return;
        await Promise.all(found.map((message) => message && store(message, signal)));
      }
    },
    close: () => publisher.close(),
  };
}
