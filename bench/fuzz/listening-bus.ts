import type { Bus, BusMessage } from '../../pipeline/contract/bus.ts';
import { BrokenLaw } from './fuzz-target.ts';

/** A bus without a server: whoever listens hears what `tell` says on any subject that they asked for. */
export interface ListeningBus extends Bus {
  tell(subject: string, data: Uint8Array): void;
}

export function listeningBus(): ListeningBus {
  const listeners = new Set<{ readonly pattern: RegExp; readonly handler: (message: BusMessage) => void }>();
  const absent = (): never => {
    throw new BrokenLaw('a listener asks the server');
  };
  return {
    publish: () => {},
    subscribe(subject, handler) {
      const spelled = subject.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace('>', '.+');
      const listener = { pattern: new RegExp(`^${spelled}$`), handler };
      listeners.add(listener);
      return { unsubscribe: () => void listeners.delete(listener) };
    },
    tell(subject, data) {
      for (const { pattern, handler } of listeners) {
        if (pattern.test(subject)) handler({ subject, data, headers: {}, reply: 'reply' });
      }
    },
    request: absent,
    publisher: absent,
    read: absent,
    streamState: absent,
    connected: true,
    losses: 0,
    server_version: '2.12.0',
    flush: async () => {},
    close: async () => {},
  };
}
