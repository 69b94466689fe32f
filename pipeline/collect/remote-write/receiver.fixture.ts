import { type SettableClock, settableClock } from '../../clock.ts';
import type { Scrape } from '../../contract/scrape.ts';
import type { RemoteWriteOutcome } from './remote-write-options.ts';
import { RemoteWriteReceiver, type RemoteWriteReceiverOptions } from './remote-write-receiver.ts';
import type { SentSeries } from './request.fixture.ts';

export const START = Date.UTC(2026, 0, 5, 12);
export const WAIT_MS = 6_000;

export interface TestReceiver {
  readonly receiver: RemoteWriteReceiver;
  readonly clock: SettableClock;
  readonly told: { readonly scrape: Scrape; readonly id: string }[];
  /** Takes a request, which must not be refused. */
  take(packed: Uint8Array, version?: 1 | 2): Extract<RemoteWriteOutcome, { kind: 'taken' }>;
  /** Lets time go by, and the receiver look at what has waited. */
  pass(ms: number): void;
}

export function testReceiver(options: Partial<RemoteWriteReceiverOptions> = {}): TestReceiver {
  const clock = settableClock(START);
  const told: { scrape: Scrape; id: string }[] = [];
  const receiver = new RemoteWriteReceiver({
    clock,
    publish: (scrape, id) => {
      told.push({ scrape, id });
      return Promise.resolve('stored');
    },
    wait_ms: WAIT_MS,
    ...options,
  });
  return {
    receiver,
    clock,
    told,
    take(packed, version = 1) {
      const outcome = receiver.take(packed, version);
      if (outcome.kind !== 'taken') throw new Error(`${outcome.kind}: ${outcome.detail}`);
      return outcome;
    },
    pass(ms) {
      clock.advance(ms);
      receiver.resume();
    },
  };
}

/** A scrape as far as it is about the GPUs. */
export const rowsOf = (scrape: Scrape | undefined): unknown =>
  scrape?.gpus.map(({ values, ...who }) => ({ ...who, values: [...values] }));

/** The labels with which a Prometheus marks what it has scraped. */
export const OWN = { job: 'dcgm', instance: '10.0.0.7:9400' };

/** A series of a board on node-7. */
export const series = (
  name: string,
  samples: SentSeries['samples'],
  labels: Readonly<Record<string, string>> = {},
): SentSeries => ({
  labels: { __name__: name, ...OWN, UUID: 'GPU-a', gpu: '0', modelName: 'H100', Hostname: 'node-7', ...labels },
  samples,
});
export const temp = (ts: number, value: number, labels = {}): SentSeries =>
  series('DCGM_FI_DEV_GPU_TEMP', [[ts, value]], labels);
export const power = (ts: number, value: number, labels = {}): SentSeries =>
  series('DCGM_FI_DEV_POWER_USAGE', [[ts, value]], labels);
