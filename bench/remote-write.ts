import { createRequire } from 'node:module';
import { type Clock, systemClock } from '../pipeline/clock.ts';
import { RemoteWriteReceiver } from '../pipeline/collect/remote-write/remote-write-receiver.ts';
import { METRICS } from '../pipeline/contract/metrics.ts';

export interface RemoteWriteFigures {
  /** Requests of 1.0 as Prometheus sends them, to scrapes. */
  readonly v1_samples_per_second: number;
  readonly v2_samples_per_second: number;
  /** The series of every request in another order. */
  readonly shuffled_samples_per_second: number;
  readonly bytes_per_series: number;
}

const NODES = 64;
const GPUS = 8;
const METRICS_A_GPU = 50;
/** What Prometheus sends at once. */
const BATCH = 2_000;
const SCRAPES = 4;
const START = Date.UTC(2026, 0, 1);

/** The package has no types. */
const { compress } = createRequire(import.meta.url)('snappyjs') as { compress(data: Uint8Array): Uint8Array };

type Series = readonly (readonly [name: string, value: string])[];

/** Label sets as dcgm-exporter's are after Prometheus has scraped them, sorted by name. */
function fleetSeries(): Series[] {
  const all: Series[] = [];
  for (let node = 0; node < NODES; node++) {
    for (const metric of METRICS.slice(0, METRICS_A_GPU)) {
      for (let gpu = 0; gpu < GPUS; gpu++) {
        const labels = {
          DCGM_FI_DRIVER_VERSION: '580.105.08',
          Hostname: `gpu-node-${node}`,
          UUID: `GPU-${String(node * GPUS + gpu).padStart(8, '0')}-5f3c-4e1b-9b7a-0c1d2e3f4a5b`,
          __name__: metric.exporter_names[0] as string,
          device: `nvidia${gpu}`,
          exported_container: 'main',
          exported_namespace: 'research',
          exported_pod: `train-${gpu}`,
          gpu: String(gpu),
          instance: `10.0.0.${node}:9400`,
          job: 'dcgm-exporter',
          modelName: 'NVIDIA H100 80GB HBM3',
          pci_bus_id: `00000000:${gpu}3:00.0`,
        };
        all.push(Object.entries(labels));
      }
    }
  }
  return all;
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
}
const field = (number: number, data: Uint8Array): Buffer =>
  Buffer.concat([Uint8Array.from([number * 8 + 2, ...varint(data.length)]), data]);

function sample(ts: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0x09;
  bytes.writeDoubleLE(value, 1);
  return field(2, Buffer.concat([bytes, Uint8Array.from([0x10, ...varint(ts)])]));
}

/** The labels of each series, encoded once. */
type Encoded = (ts: number, batch: readonly number[]) => Uint8Array;

function encoderV1(series: readonly Series[]): Encoded {
  const labels = series.map((pairs) =>
    Buffer.concat(
      pairs.map(([name, value]) =>
        field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
      ),
    ),
  );
  return (ts, batch) =>
    compress(
      Buffer.concat(
        batch.map((i) => field(1, Buffer.concat([labels[i] as Buffer, sample(ts, (i + ts / 10_000) % 2)]))),
      ),
    );
}

function encoderV2(series: readonly Series[]): Encoded {
  return (ts, batch) => {
    const symbols = new Map([['', 0]]);
    const ref = (text: string): number => {
      const known = symbols.get(text) ?? symbols.size;
      symbols.set(text, known);
      return known;
    };
    const encoded = batch.map((i) => {
      const refs = (series[i] as Series).flat().flatMap((text) => varint(ref(text)));
      return field(5, Buffer.concat([field(1, Uint8Array.from(refs)), sample(ts, (i + ts / 10_000) % 2)]));
    });
    return compress(Buffer.concat([...[...symbols.keys()].map((text) => field(4, Buffer.from(text))), ...encoded]));
  };
}

/**
 * Takes requests of a fleet of 512 GPUs x 50 metrics for `seconds` per variant, from packed bytes to normalised scrapes, and
 * tells samples a second of wall time on the calling thread. Requests are made before; their times are moved on as they are
 * taken again and again.
 */
export async function benchRemoteWrite(options: { seconds: number; clock?: Clock }): Promise<RemoteWriteFigures> {
  const clock = options.clock ?? systemClock;
  const series = fleetSeries();
  const order = series.map((_, i) => i);
  const shuffled = [...order];
  for (let i = shuffled.length - 1, state = 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = state % (i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j] as number, shuffled[i] as number];
  }
  const requests = (encode: Encoded, orders: readonly (readonly number[])[]): Uint8Array[] => {
    const made: Uint8Array[] = [];
    for (let scrape = 0; scrape < SCRAPES; scrape++) {
      const each = orders[scrape % orders.length] as readonly number[];
      for (let i = 0; i < each.length; i += BATCH) made.push(encode(START + scrape * 10_000, each.slice(i, i + BATCH)));
    }
    return made;
  };
  const measure = (bodies: readonly Uint8Array[], version: 1 | 2): number => {
    let taken_ms = 0;
    let samples = 0;
    // A receiver takes a sample once: each round has a new one, which learns the series in its first scrape.
    while (taken_ms < options.seconds * 1_000) {
      let told = 0;
      const receiver = new RemoteWriteReceiver({
        clock,
        publish: async () => {
          told++;
          return 'stored';
        },
        wait_ms: 3_600_000,
      });
      const first = bodies.length / SCRAPES;
      for (const body of bodies.slice(0, first)) receiver.take(body, version);
      for (let i = 0; i < NODES; i++) receiver.passOver(targetOf(i), START);
      const started = clock.monotonic();
      for (const body of bodies.slice(first)) receiver.take(body, version);
      taken_ms += clock.monotonic() - started;
      samples += series.length * (SCRAPES - 1);
      receiver.stop();
      if (told !== NODES * (SCRAPES - 1)) throw new Error(`expected ${NODES * (SCRAPES - 1)} scrapes, read ${told}`);
    }
    return Math.round((samples * 1_000) / taken_ms);
  };
  const labels = encoderV1(series);
  return {
    v1_samples_per_second: measure(requests(labels, [order]), 1),
    v2_samples_per_second: measure(requests(encoderV2(series), [order]), 2),
    shuffled_samples_per_second: measure(requests(labels, [order, shuffled]), 1),
    bytes_per_series: Math.round(
      series.reduce((sum, pairs) => sum + pairs.flat().join('1234').length + 23, 0) / series.length,
    ),
  };
}

/** As a receiver tells targets apart. */
const targetOf = (node: number): string =>
  JSON.stringify([`gpu-node-${node}`, 'dcgm-exporter', `10.0.0.${node}:9400`, '', '', '', '', '']);
