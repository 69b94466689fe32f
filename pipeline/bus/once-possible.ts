import { JetStreamApiError } from '@nats-io/jetstream';

const ATTEMPTS = 20;
const WAIT_MS = 250;

/** JetStream may still be starting: a call that gets no answer is tried again for some seconds, a refusal is one. */
export async function oncePossible<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (cause) {
      if (cause instanceof JetStreamApiError || attempt === ATTEMPTS) throw cause;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }
}
