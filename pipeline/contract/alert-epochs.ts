import { z } from 'zod';

/**
 * In front of a unit's name (a group of a cluster, or what spans them): who may tell its alerts, from which epoch on. In the stream
 * of the alerts, so that the server can compare every alert with it.
 */
export const ALERT_FENCES = 'vitals.fence.alerts.';

/** Header of an alert of a cluster: unit and epoch of whoever tells it. */
export const EPOCH_HEADER = 'Gpu-Vitals-Epoch';

const fenceSchema = z.object({ epoch: z.number() });
export const encodeFence = (epoch: number): Uint8Array => Buffer.from(JSON.stringify({ epoch }), 'utf8');

/** The epoch from which on alerts of a unit count; 0 when the bytes say nothing of it. */
export function readFence(data: Uint8Array): number {
  try {
    return fenceSchema.safeParse(JSON.parse(new TextDecoder().decode(data))).data?.epoch ?? 0;
  } catch {
    return 0;
  }
}

/**
 * For those who hear alerts as they are sent, before the stream has refused any: those of a worker that has lost the unit are known by
 * their epoch. Alerts without a header are nobody's of a cluster, and pass. Memory: a number a unit.
 */
export class AlertEpochs {
  private readonly newest = new Map<string, number>();

  /** A fence was heard. */
  fence(subject: string, data: Uint8Array): void {
    this.note(subject.slice(ALERT_FENCES.length), readFence(data));
  }

  /** Whether an alert is of nobody who has lost its unit since. */
  passes(headers: Readonly<Record<string, string>>): boolean {
    const [unit = '', epoch = ''] = (headers[EPOCH_HEADER] ?? '').split(' ');
    return unit === '' || this.note(unit, Number(epoch));
  }

  private note(unit: string, epoch: number): boolean {
    const newest = this.newest.get(unit) ?? 0;
    if (epoch > newest) this.newest.set(unit, epoch);
    return !(epoch < newest);
  }
}
