import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type {
  FleetThreadOptions,
  FromFleetThread,
  HistoryMessage,
  ToFleetThread,
} from '../../bench/fleet/fleet-messages.ts';
import type { StoryTruth } from '../../bench/fleet/story-schedule.ts';
import type { Clock } from '../clock.ts';
import type { StreamPublisher } from '../contract/bus.ts';
import type { ErrorCode } from '../contract/error-catalogue.ts';
import { VitalsError } from '../contract/errors.ts';
import { rawSubject } from '../contract/ids.ts';
import { type DurationMs, minutes } from '../contract/time.ts';

export interface SimulatedFleetOptions {
  readonly gpus: number;
  readonly seed: number;
  readonly interval: DurationMs;
  readonly history: DurationMs;
  readonly speed: number;
  readonly stories: 'default' | 'none';
  /** Remembers when the fleet began, so that a second start continues it and back-fills nothing twice. */
  readonly memory_file: string;
  /** Where the truth about stories is written; nothing in the pipeline reads it. */
  readonly truth_file: string;
  readonly publisher: StreamPublisher;
  readonly clock: Clock;
  readonly onHistory: (progress: { readonly done: number; readonly total: number; readonly rows: number }) => void;
  readonly onExit: (error: VitalsError) => void;
}

export interface SimulatedFleet {
  readonly sd_url: string;
  readonly url: string;
  stop(): Promise<void>;
}

/** What is needed to go on with the same fleet. */
interface FleetMemory {
  readonly gpus: number;
  readonly seed: number;
  readonly start_ms: number;
  /** Fleet time `live_ms` was wall time `wall_ms`, running at `speed`; null while the past is still being told. */
  readonly live_ms: number | null;
  /** Instants before this are in the stream already. */
  readonly told_ms: number;
  readonly wall_ms: number;
  readonly speed: number;
}

const HISTORY_STEP = minutes(2);
const TRUTH_EVERY_MS = 5_000;

/** Starts the fleet's thread; on a new data folder its past goes through the bus first. Resolves when it is served. */
export async function startSimulatedFleet(options: SimulatedFleetOptions): Promise<SimulatedFleet> {
  const { clock, publisher } = options;
  const known = readMemory(options);
  const now = clock.now();
  const wantsPast = known === null ? options.history > 0 : known.live_ms === null;
  const data: FleetThreadOptions = {
    fleet: {
      gpus: options.gpus,
      seed: options.seed,
      start_ms: known?.start_ms ?? Math.floor((now - options.history) / HISTORY_STEP) * HISTORY_STEP,
      interval_ms: options.interval,
      stories: options.stories,
    },
    port: 0,
    speed: options.speed,
    interval_ms: options.interval,
    history: wantsPast ? { step_ms: HISTORY_STEP, resume_ms: known?.told_ms ?? 0 } : null,
    live_from_ms: known === null || known.live_ms === null ? null : known.live_ms + (now - known.wall_ms) * known.speed,
  };
  const worker = new Worker(new URL('../../bench/fleet/fleet-thread.js', import.meta.url), {
    name: 'fleet',
    workerData: data,
  });
  const post = (message: ToFleetThread): void => worker.postMessage(message);
  let stopping = false;
  let rows = 0;
  /** Everything of the past that was handed over is stored. */
  let told: Promise<unknown> = Promise.resolve();

  const publish = async (messages: readonly HistoryMessage[]): Promise<void> => {
    const stored: Promise<unknown>[] = [];
    for (const message of messages) {
      rows += message.rows;
      stored.push(publisher.publish(historyMessage(message)));
      const full = publisher.pressure();
      if (full !== null) await full;
    }
    await Promise.all(stored);
  };

  const served = await new Promise<{ url: string; sd_url: string; live_from_ms: number }>((resolve, reject) => {
    const failed = (what: string, cause?: unknown): void => {
      const error = new VitalsError('GV-CLI-004', `the simulated fleet ${what}`, '', { cause });
      reject(error);
      if (!stopping) options.onExit(error);
    };
    worker.on('message', (message: FromFleetThread) => {
      switch (message.type) {
        case 'history': {
          const { messages, done, total, next_ms } = message;
          const one = publish(messages).then(() => {
            options.onHistory({ done, total, rows });
            writeMemory(options, { start_ms: data.fleet.start_ms, live_ms: null, told_ms: next_ms });
            post({ type: 'more' });
          });
          one.catch((cause) => failed('could not publish its past', cause));
          told = Promise.all([told, one]);
          told.catch(() => undefined);
          break;
        }
        case 'ready':
          resolve(message);
          break;
        case 'refused':
          reject(new VitalsError(message.error.code as ErrorCode, message.error.what, message.error.where));
          break;
        case 'truth':
          writeTruth(options.truth_file, message.truth);
          break;
      }
    });
    worker.once('error', (cause) => failed(`failed: ${cause.message}`, cause));
    worker.once('exit', () => failed('ended'));
  });
  // The fleet does not wait for its last stretch: noted later, that one would be taken for a past cut short.
  await told;
  writeMemory(options, { start_ms: data.fleet.start_ms, live_ms: served.live_from_ms, told_ms: served.live_from_ms });
  const truths = setInterval(() => post({ type: 'truth', id: 0 }), TRUTH_EVERY_MS);

  return {
    ...served,
    async stop() {
      stopping = true;
      clearInterval(truths);
      post({ type: 'close' });
      await worker.terminate();
    },
  };
}

const historyMessage = ({ node, ts, boot_epoch, sequence, data }: HistoryMessage) => ({
  subject: rawSubject(node),
  data,
  headers: {
    'Content-Type': 'application/vnd.gpu-vitals.scrape',
    'Event-Time': String(ts),
    'Nats-Msg-Id': `${node}:${boot_epoch}:${sequence}`,
  },
});

function readMemory({ memory_file, gpus, seed }: SimulatedFleetOptions): FleetMemory | null {
  if (!existsSync(memory_file)) return null;
  const memory = JSON.parse(readFileSync(memory_file, 'utf8')) as FleetMemory;
  if (memory.gpus === gpus && memory.seed === seed) return memory;
  throw new VitalsError(
    'GV-CFG-001',
    `this data folder holds a simulated fleet of ${memory.gpus} GPUs with seed ${memory.seed}`,
    memory_file,
    { action: 'Start with the same --gpus and --seed, or give another --data.' },
  );
}

function writeMemory(
  options: SimulatedFleetOptions,
  state: Pick<FleetMemory, 'start_ms' | 'live_ms' | 'told_ms'>,
): void {
  const { gpus, seed, speed, memory_file } = options;
  const memory: FleetMemory = { gpus, seed, ...state, wall_ms: options.clock.now(), speed };
  mkdirSync(dirname(memory_file), { recursive: true });
  writeFileSync(`${memory_file}.new`, `${JSON.stringify(memory)}\n`);
  renameSync(`${memory_file}.new`, memory_file);
}

function writeTruth(path: string, truth: readonly StoryTruth[]): void {
  writeFileSync(path, truth.map((story) => `${JSON.stringify(story)}\n`).join(''));
}
