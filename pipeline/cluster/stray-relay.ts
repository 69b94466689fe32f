import { storedMessage } from '../bus/stored-messages.ts';
import { outOfBatch } from '../bus/wire-headers.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { groupToken } from '../contract/ids.ts';
import { groupOfSubject, nodeOfSubject } from '../group-of-subject.ts';

/** Messages under subjects that name no group are read by nobody in a cluster: they are stored again under their group's. */
export interface StrayRelay {
  relay(position: number): void;
  close(): Promise<void>;
}

/** `stream`: by the time at which it was made. A failure is told; a message that is gone is left. */
export function strayRelay(bus: Bus, stream: string, tell: (error: VitalsError) => void): StrayRelay {
  const publisher = bus.publisher();
  let before: Promise<void> = Promise.resolve();
  async function relay(position: number): Promise<void> {
    const message = await storedMessage(bus, 'DCGM_RAW', position);
    if (message === null) return;
    const { subject, data, headers, arrived_at } = message;
    const group = groupToken(groupOfSubject(subject));
    await publisher.publish({
      subject: `dcgm.raw.${group}.${nodeOfSubject(subject)}`,
      data,
      headers: {
        'Event-Time': String(arrived_at),
        ...outOfBatch(headers),
        'Nats-Msg-Id': `stray:${stream}:${position}`,
      },
    });
  }
  return {
    relay(position) {
      before = before
        .then(() => relay(position))
        .catch((cause: unknown) => {
          const what = `position ${position} could not be handed to its group`;
          tell(cause instanceof VitalsError ? cause : new VitalsError('GV-BUS-002', what, 'DCGM_RAW', { cause }));
        });
    },
    async close() {
      await before;
      await publisher.close();
    },
  };
}
