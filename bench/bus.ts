import { type Clock, systemClock } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import { rawSubject } from '../pipeline/contract/ids.ts';

export interface BusBenchOptions {
  readonly bus: Bus;
  /** Messages per pass. */
  readonly messages: number;
  /** Body of each, bytes; a scrape of 8 GPUs has about 2,000. */
  readonly bytes: number;
  readonly nodes: number;
  /** In batches; message by message when absent. */
  readonly atomic?: boolean;
  readonly clock?: Clock;
}

export interface BusBenchResult {
  readonly messages: number;
  readonly bytes: number;
  readonly publish_per_s: number;
  /** CPU of this process, all threads, per message. */
  readonly publish_cpu_us: number;
  readonly read_per_s: number;
  readonly read_cpu_us: number;
  /** Mean messages in one array while catching up. */
  readonly read_batch: number;
  /** From publish to the reader's loop, one message in flight. */
  readonly latency_p50_ms: number;
  readonly latency_p99_ms: number;
}

const LATENCY_SAMPLES = 500;

/**
 * Publishes scrapes' worth of bytes into DCGM_RAW with acks and message ids, reads them back, then times single messages.
 * The streams must exist (ensureStreams).
 */
export async function benchBus(options: BusBenchOptions): Promise<BusBenchResult> {
  const { bus, messages, bytes, nodes } = options;
  const clock = options.clock ?? systemClock;
  const from = (await bus.streamState('DCGM_RAW')).last_position + 1;
  const run = `${clock.now()}`;
  const subjects = Array.from({ length: nodes }, (_, i) => rawSubject(`node-${i}`));
  const data = new Uint8Array(bytes);
  data.set(Buffer.from('GPVS'));
  const message = (i: number) => ({
    subject: subjects[i % nodes] as string,
    data,
    headers: { 'Content-Type': 'application/vnd.gpu-vitals.scrape', 'Nats-Msg-Id': `bench:${run}:${i}` },
  });

  const publisher = bus.publisher({ atomic: options.atomic ?? false });
  const publishing = await measured(clock, messages, async () => {
    let stored = 0;
    let failed: unknown = null;
    const acks: Promise<void>[] = [];
    for (let i = 0; i < messages; i++) {
      const ack = publisher.publish(message(i)).then(
        () => {
          stored++;
        },
        (error: unknown) => {
          failed ??= error;
        },
      );
      if (i >= messages - nodes) acks.push(ack);
      const pressure = publisher.pressure();
      if (pressure) await pressure;
    }
    await Promise.all(acks);
    if (failed) throw failed;
    if (stored !== messages) throw new Error(`${stored} of ${messages} stored`);
  });

  let arrays = 0;
  const reading = await measured(clock, messages, async () => {
    let seen = 0;
    for await (const batch of bus.read({ stream: 'DCGM_RAW', from }, new AbortController().signal)) {
      arrays++;
      seen += batch.length;
      if (seen >= messages) break;
    }
  });

  const ending = new AbortController();
  const iterator = bus.read({ stream: 'DCGM_RAW', from: from + messages }, ending.signal)[Symbol.asyncIterator]();
  const waits: number[] = [];
  for (let i = 0; i < LATENCY_SAMPLES; i++) {
    const arrival = iterator.next();
    const sent = clock.monotonic();
    const ack = publisher.publish(message(messages + i));
    await arrival;
    waits.push(clock.monotonic() - sent);
    await ack;
  }
  ending.abort();
  await iterator.return?.(undefined);
  await publisher.close();
  waits.sort((a, b) => a - b);
  return {
    messages,
    bytes,
    publish_per_s: publishing.per_s,
    publish_cpu_us: publishing.cpu_us,
    read_per_s: reading.per_s,
    read_cpu_us: reading.cpu_us,
    read_batch: messages / arrays,
    latency_p50_ms: waits[Math.floor(waits.length * 0.5)] as number,
    latency_p99_ms: waits[Math.floor(waits.length * 0.99)] as number,
  };
}

async function measured(
  clock: Clock,
  count: number,
  work: () => Promise<void>,
): Promise<{ per_s: number; cpu_us: number }> {
  const cpu = process.cpuUsage();
  const started = clock.monotonic();
  await work();
  const seconds = (clock.monotonic() - started) / 1_000;
  const used = process.cpuUsage(cpu);
  return { per_s: count / seconds, cpu_us: (used.user + used.system) / count };
}
