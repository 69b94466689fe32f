import type { Bus, BusMessage, OutgoingMessage } from '../../pipeline/contract/bus.ts';

/** Core NATS within the process, for tests of the read side: subjects, wildcards, delivery in order; no streams. */
export interface MemoryBus extends Bus {
  readonly published: OutgoingMessage[];
  online: boolean;
}

export function memoryBus(): MemoryBus {
  const subscriptions = new Set<{ pattern: string[]; handler: (message: BusMessage) => void }>();
  const published: OutgoingMessage[] = [];
  const refuse = (): never => {
    throw new Error('the memory bus has no streams');
  };
  let online = true;
  let losses = 0;
  const bus: MemoryBus = {
    published,
    get online() {
      return online;
    },
    set online(value) {
      if (online && !value) losses++;
      online = value;
    },
    get losses() {
      return losses;
    },
    publish(message) {
      if (!bus.online) return;
      published.push(message);
      const tokens = message.subject.split('.');
      for (const { pattern, handler } of subscriptions) {
        if (matches(pattern, tokens)) {
          handler({ subject: message.subject, data: message.data, headers: message.headers ?? {}, reply: '' });
        }
      }
    },
    subscribe(subject, handler) {
      const subscription = { pattern: subject.split('.'), handler };
      subscriptions.add(subscription);
      return { unsubscribe: () => void subscriptions.delete(subscription) };
    },
    request: refuse,
    publisher: refuse,
    read: refuse,
    streamState: refuse,
    get connected() {
      return bus.online;
    },
    server_version: '2.15.0',
    flush: async () => {},
    close: async () => {},
  };
  return bus;
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  return pattern.every((token, i) => token === '>' || token === '*' || token === tokens[i])
    ? pattern.at(-1) === '>'
      ? tokens.length >= pattern.length
      : tokens.length === pattern.length
    : false;
}
