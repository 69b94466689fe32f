import { WebSocket } from 'undici';
import { type Clock, systemClock } from '../pipeline/clock.ts';
import type { Batch } from '../pipeline/contract/batch.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import { METRIC_COUNT, metricIndex } from '../pipeline/contract/metrics.ts';
import { Registry } from '../pipeline/contract/registry.ts';
import { FleetView } from '../server/fleet-view.ts';
import { summaryTexts } from '../server/view-json.ts';
import { frameReader } from '../sinks/live/frame-format.ts';
import { framesSink } from '../sinks/live/frames-sink.ts';

const GPUS_A_NODE = 8;
const POWER = metricIndex('power_watts');

/** One scrape of one node whose `power_watts` is `mark`. */
function scrapes(nodes: number, metrics: number): (mark: number, ts: number) => Batch {
  const registry = new Registry(0);
  const fixed = Array.from({ length: nodes }, (_, n) => {
    const node = registry.node(`gpu-node-${n}.cluster.example`);
    const gpu = Uint32Array.from({ length: GPUS_A_NODE }, (__, i) =>
      registry.gpu(
        {
          uuid: `GPU-${String(n * GPUS_A_NODE + i).padStart(8, '0')}-5f3c-4e1b-9b7a-0c1d2e3f4a5b`,
          instance: '',
          model: 'NVIDIA H100 80GB HBM3',
          pci_bus_id: '00000000:1B:00.0',
          serial: '1654',
          slot: String(i),
        },
        node,
      ),
    );
    const values = new Float64Array(GPUS_A_NODE * METRIC_COUNT).fill(Number.NaN);
    for (let row = 0; row < GPUS_A_NODE; row++) {
      for (let m = 0; m < metrics; m++) values[row * METRIC_COUNT + m] = m + 0.5;
    }
    return { node: new Uint32Array(GPUS_A_NODE).fill(node), gpu, values };
  });
  let turn = 0;
  return (mark, ts) => {
    const { node, gpu, values } = fixed[turn++ % nodes] as (typeof fixed)[number];
    for (let row = 0; row < GPUS_A_NODE; row++) values[row * METRIC_COUNT + POWER] = mark;
    return {
      group: 0,
      registry,
      rows: GPUS_A_NODE,
      ts: new Float64Array(GPUS_A_NODE).fill(ts),
      gpu,
      node,
      attribution: new Uint32Array(GPUS_A_NODE),
      values,
      xids: [],
      position: 1,
      arrived_at: new Float64Array(GPUS_A_NODE).fill(ts),
      clock: new Float64Array(GPUS_A_NODE).fill(ts),
    };
  };
}

/** CPU on the calling thread per row of 25 metrics, in microseconds. */
export interface FramesFigures {
  readonly rows: number;
  /** The engine's share: from batch to frame. */
  readonly write_us: number;
  /** The read side's: from frame to fleet view, once per server. */
  readonly read_us: number;
  /** A changed GPU as JSON text, once for all listeners. */
  readonly summary_text_us: number;
  readonly bytes_per_row: number;
}

/** Writes and reads frames of `nodes` x 8 GPUs for about `seconds` each, without a bus in between. */
export function benchFrames(options: { nodes: number; seconds: number; clock?: Clock }): FramesFigures {
  const clock = options.clock ?? systemClock;
  const next = scrapes(options.nodes, 25);
  const frames: Uint8Array[] = [];
  let keep = true;
  const bus = {
    connected: true,
    publish: ({ data }: { data: Uint8Array }) => void (keep && frames.push(data)),
    flush: async () => {},
  };
  const sink = framesSink(bus as unknown as Bus, { worker: 'bench' });
  const view = new FleetView({ clock });
  const reader = frameReader();
  const timed = (seconds: number, round: () => number): number => {
    let rows = 0;
    const start = clock.monotonic();
    while (clock.monotonic() - start < seconds * 1_000) rows += round();
    return ((clock.monotonic() - start) * 1_000) / rows;
  };
  let ts = 1;
  const batches = Array.from({ length: options.nodes }, () => next(300, ts));
  const write = (): number => {
    for (const batch of batches) sink.write(batch);
    return options.nodes * GPUS_A_NODE;
  };
  write();
  void sink.flush();
  const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
  const read = (): number => {
    ts++;
    let rows = 0;
    for (const frame of frames) rows += reader.read(frame, (who, _ts, values) => view.applySample(who, ts, values, ts));
    return rows;
  };
  read();
  keep = false;
  timed(options.seconds / 4, write);
  const write_us = timed(options.seconds, write);
  timed(options.seconds / 4, read);
  const read_us = timed(options.seconds, read);
  const text = summaryTexts(view);
  let sum = 0;
  const summary_text_us = timed(options.seconds, () => {
    for (const entry of view.all()) {
      entry.revision++;
      sum += text(entry).length;
    }
    return view.size;
  });
  if (sum === 0) throw new Error('no text was made');
  return {
    rows: view.size,
    write_us,
    read_us,
    summary_text_us,
    bytes_per_row: bytes / view.size,
  };
}

export interface LiveBenchOptions {
  /** The engine's connection; the live server has one of its own, best on another thread. */
  readonly bus: Bus;
  readonly live_url: string;
  readonly nodes: number;
  readonly clients: number;
  readonly rows_per_s: number;
  readonly seconds: number;
  readonly topic?: string;
  readonly clock?: Clock;
}

export interface LiveFigures {
  readonly clients: number;
  readonly rows_per_s: number;
  /** From the engine's write to a client's message event. */
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  readonly deltas: number;
  /** Share of the scrapes that a delta of its own or a shared one brought. */
  readonly seen: number;
}

/** Publishes scrapes of 8 rows at a steady pace and times their way over NATS and the live server to WebSocket clients. */
export async function benchLive(options: LiveBenchOptions): Promise<LiveFigures> {
  const clock = options.clock ?? systemClock;
  const sent: number[] = [];
  const latencies: number[] = [];
  let deltas = 0;
  const clients = await Promise.all(
    Array.from({ length: options.clients }, async () => {
      const socket = new WebSocket(options.live_url, 'gpu-vitals.v1');
      await new Promise<void>((resolve, reject) => {
        socket.addEventListener('open', () => resolve(), { once: true });
        socket.addEventListener('error', () => reject(new Error(`no connection to ${options.live_url}`)), {
          once: true,
        });
      });
      const snapshot = new Promise<void>((resolve) => {
        socket.addEventListener('message', () => resolve(), { once: true });
      });
      socket.send(JSON.stringify({ op: 'subscribe', topic: options.topic ?? 'fleet' }));
      await snapshot;
      socket.addEventListener('message', ({ data }) => {
        const now = clock.monotonic();
        deltas++;
        const marks = new Set(Array.from(String(data).matchAll(/"power_watts":(\d+)/g), (match) => Number(match[1])));
        for (const mark of marks) {
          const at = sent[mark];
          if (at !== undefined) latencies.push(now - at);
        }
      });
      return socket;
    }),
  );
  const sink = framesSink(options.bus, { worker: 'bench' });
  const next = scrapes(options.nodes, 25);
  const total = Math.round((options.rows_per_s * options.seconds) / GPUS_A_NODE);
  const pace_ms = (GPUS_A_NODE * 1_000) / options.rows_per_s;
  const start = clock.monotonic();
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      while (sent.length < total && clock.monotonic() - start >= sent.length * pace_ms) {
        sent.push(clock.monotonic());
        sink.write(next(sent.length - 1, clock.now()));
      }
      if (sent.length < total) setTimeout(tick, 1);
      else resolve();
    };
    tick();
  });
  await sink.flush();
  const wanted = total * options.clients;
  for (let round = 0; round < 100 && latencies.length < wanted; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const socket of clients) socket.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return {
    clients: options.clients,
    rows_per_s: options.rows_per_s,
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    max_ms: at(1),
    deltas,
    seen: latencies.length / wanted,
  };
}
