import { type Clock, systemClock } from '../pipeline/clock.ts';
import type { Bus } from '../pipeline/contract/bus.ts';
import { FleetView } from '../server/fleet-view.ts';
import { summaryTexts } from '../server/view-json.ts';
import { frameReader } from '../sinks/live/frame-format.ts';
import { framesSink } from '../sinks/live/frames-sink.ts';
import { frameScrapes, GPUS_A_NODE } from './frame-scrapes.ts';

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
  const next = frameScrapes(options.nodes, 25);
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
