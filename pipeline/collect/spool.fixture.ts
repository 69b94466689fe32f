import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { OutgoingMessage, StreamPublisher } from '../contract/bus.ts';

/** A stream in memory that can fall silent, lose acks and refuse. Drops repeats of an id, as a server's window does. */
export interface FakeStream extends StreamPublisher {
  /** What was stored, in order. */
  readonly stored: OutgoingMessage[];
  /** Publishes seen, repeats and refused ones included. */
  readonly attempts: number;
  /** While away nothing is stored and nothing answered; coming back stores what waits, in order. */
  away(is_away: boolean): void;
  /** Stores the next n messages without ever answering. */
  loseAcks(n: number): void;
  /** Refuses what this is true for. */
  refuse(when: (message: OutgoingMessage) => boolean): void;
}

export function fakeStream(): FakeStream {
  const stored: OutgoingMessage[] = [];
  const ids = new Set<string>();
  let attempts = 0;
  let is_away = false;
  let lose = 0;
  let refused: (message: OutgoingMessage) => boolean = () => false;
  let waiting: (() => void)[] = [];
  return {
    stored,
    get attempts() {
      return attempts;
    },
    away(now) {
      is_away = now;
      if (now) return;
      const calls = waiting;
      waiting = [];
      for (const call of calls) call();
    },
    loseAcks(n) {
      lose = n;
    },
    refuse(when) {
      refused = when;
    },
    publish(message) {
      attempts++;
      return new Promise((resolve, reject) => {
        const take = (): void => {
          if (refused(message)) {
            reject(new Error('refused by the test'));
            return;
          }
          const id = message.headers?.['Nats-Msg-Id'] ?? '';
          const duplicate = ids.has(id);
          if (!duplicate) stored.push(message);
          ids.add(id);
          if (lose > 0) lose--;
          else resolve({ position: stored.length, duplicate });
        };
        if (is_away) waiting.push(take);
        else setImmediate(take);
      });
    },
    pressure: () => null,
    close: async () => {},
  };
}

/** A folder of its own for one test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'gpu-vitals-spool-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const testMessage = (node: string, n: number, bytes = 100): OutgoingMessage => ({
  subject: `dcgm.raw.00.${node}`,
  data: new Uint8Array(bytes).fill(n % 251),
  headers: { 'Nats-Msg-Id': `${node}:1:${n}`, 'Content-Type': 'text/plain', 'Event-Time': '1000' },
});

export const idOf = (message: OutgoingMessage): string => message.headers?.['Nats-Msg-Id'] ?? '';
