import { JetStreamApiError } from '@nats-io/jetstream';
import { ALERT_FENCES, EPOCH_HEADER, encodeFence, readFence } from '../contract/alert-epochs.ts';
import type { Bus, OutgoingMessage, StreamPublisher } from '../contract/bus.ts';
import { ALERTS_STREAM, ensureStreams } from './ensure-streams.ts';
import { isBehindAnother } from './publish-ack.ts';
import { atLeast } from './server-version.ts';
import { isMissing, managerOf, streamError } from './stream-manager.ts';

interface Fence {
  readonly epoch: number;
  /** Of its word in the stream; 0: this server cannot compare with it. */
  readonly position: number;
  /** One after the other: a server refuses what is compared with a word while something else is. */
  before: Promise<unknown>;
}

/** The first server that compares with the last message of another subject than the message's own. */
const COMPARES = '2.11.0';
const AGAIN_MS = 20;
const SUBJECTS_AGAIN_MS = 1_000;
const REFUSED_MAX = 100;

/**
 * Sees to it that alerts of a unit (a group, or the fleet) are stored by one owner after the other. The owner puts a word with its
 * epoch into ALERTS, beside the alerts; every alert of the unit has to be compared with it by the server. So whoever had the
 * unit before cannot add anything from then on, also what it had sent long before and what arrives late.
 *
 * Cost: two small calls a unit that comes, and an answer to wait for an alert of the same unit. On servers before 2.11
 * alerts are stored without being compared.
 */
export class UnitFence {
  private readonly bus: Bus;
  private readonly fences = new Map<string, Fence>();
  private readonly publisher: StreamPublisher;

  constructor(bus: Bus) {
    this.bus = bus;
    this.publisher = bus.publisher();
  }

  /**
   * Resolves when nobody of an earlier epoch can store any alert of a unit any more; false: somebody of a later one is there.
   * Throws VitalsError GV-BUS-001 or GV-BUS-002.
   */
  async raise(unit: string, epoch: number): Promise<boolean> {
    if (!atLeast(this.bus.server_version, COMPARES)) return this.stand(unit, epoch, 0);
    for (;;) {
      const last = await this.last(unit);
      if (last !== null && last.epoch > epoch) return false;
      // An older release that starts beside us takes these subjects out of the stream again.
      const again = setInterval(() => void ensureStreams(this.bus).catch(() => undefined), SUBJECTS_AGAIN_MS);
      try {
        const { position } = await this.publisher.publish({
          subject: ALERT_FENCES + unit,
          data: encodeFence(epoch),
          headers: { 'Content-Type': 'application/json', ...compared(ALERT_FENCES + unit, last?.position ?? 0) },
        });
        return this.stand(unit, epoch, position);
      } catch (cause) {
        if (!isBehindAnother(cause)) throw cause;
      } finally {
        clearInterval(again);
      }
    }
  }

  /** Stores an alert of a unit; nothing happens when the unit is not ours any more. Rejects when the stream refuses it. */
  store(publisher: Pick<StreamPublisher, 'publish'>, unit: string, message: OutgoingMessage): Promise<unknown> {
    const fence = this.fences.get(unit);
    if (fence === undefined) return Promise.resolve();
    const stored = fence.before.then(() => this.storeBehind(publisher, unit, message, fence.epoch));
    fence.before = stored.catch(() => undefined);
    return stored;
  }

  close(): Promise<void> {
    return this.publisher.close();
  }

  private stand(unit: string, epoch: number, position: number): true {
    const before = this.fences.get(unit)?.before ?? Promise.resolve();
    this.fences.set(unit, { epoch, position, before });
    return true;
  }

  private async storeBehind(
    publisher: Pick<StreamPublisher, 'publish'>,
    unit: string,
    message: OutgoingMessage,
    epoch: number,
  ): Promise<unknown> {
    for (let refused = 0; ; refused++) {
      const fence = this.fences.get(unit);
      if (fence === undefined || fence.epoch !== epoch) return null;
      const headers = { ...message.headers, [EPOCH_HEADER]: `${unit} ${epoch}` };
      // Among servers of several versions an old one may lead, which compares with something else.
      const compares = fence.position > 0 && refused < REFUSED_MAX;
      const behind = compares ? compared(ALERT_FENCES + unit, fence.position) : {};
      try {
        return await publisher.publish({ ...message, headers: { ...headers, ...behind } });
      } catch (cause) {
        if (!compares || !isBehindAnother(cause)) throw cause;
        const last = await this.last(unit);
        if (last !== null && last.epoch > epoch) this.fences.delete(unit);
        // The stream has let go of our word, or was made anew.
        else if (last?.position !== fence.position) await this.raise(unit, epoch);
        else await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  /** The unit's last word in the stream. */
  private async last(unit: string): Promise<{ readonly epoch: number; readonly position: number } | null> {
    try {
      const { streams } = await managerOf(this.bus);
      const found = await streams.getMessage(ALERTS_STREAM, { last_by_subj: ALERT_FENCES + unit });
      return found ? { epoch: readFence(found.data), position: found.seq } : null;
    } catch (cause) {
      if (cause instanceof JetStreamApiError && isMissing(cause)) return null;
      throw streamError(cause, 'who may tell alerts cannot be read', ALERTS_STREAM);
    }
  }
}

const compared = (subject: string, position: number): Record<string, string> => ({
  'Nats-Expected-Last-Subject-Sequence': String(position),
  'Nats-Expected-Last-Subject-Sequence-Subject': subject,
});
