import { connectionOf, registerConnection, replicasOf } from '../bus/stream-manager.ts';
import type { Bus } from '../contract/bus.ts';

/** A bus that asks before each message that it sends; `before_send` does not return where nothing may be sent any more. */
export function guardedBus(bus: Bus, before_send: () => void): Bus {
  const guarded = Object.create(bus, {
    publish: {
      value: (message: Parameters<Bus['publish']>[0]) => {
        before_send();
        bus.publish(message);
      },
    },
    publisher: {
      value: (options: Parameters<Bus['publisher']>[0]) => {
        const publisher = bus.publisher(options);
        return {
          ...publisher,
          publish: (message: Parameters<typeof publisher.publish>[0]) => {
            before_send();
            return publisher.publish(message);
          },
        };
      },
    },
  }) as Bus;
  registerConnection(guarded, connectionOf(bus), replicasOf(bus));
  return guarded;
}
