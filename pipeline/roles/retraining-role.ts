import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.ts';
import type { Config } from '../config-schema.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { minutes } from '../contract/time.ts';
import { createLineSplitter } from '../line-splitter.ts';
import { openNatsRegistry } from '../registry/nats-registry.ts';
import {
  type DriftAnswer,
  driftOfFeatures,
  driftOfPredictions,
  FEATURES_ASKED,
  PERFORMANCE_ASKED,
  type PerformanceAnswer,
} from '../training/drift-answers.ts';
import type { DriftSeen } from '../training/drift-seen.ts';
import { retraining, type TrainingCause } from '../training/retraining.ts';
import { standingShift } from '../training/standing-shift.ts';

export interface RetrainingRoleOptions {
  readonly config: Config;
  readonly bus: Bus;
  readonly nats_url: string;
  readonly questdb_http: string;
  readonly questdb_pg: string;
  /** What the REST API answers to a path, whoever needs keys there; null when it cannot now. */
  readonly ask: (path: string) => Promise<unknown>;
  readonly event_time: () => number;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
}

const LOOK_MS = 30_000;
const DRIFT_ASKED_EVERY = minutes(10);
const LINE_CHARS_MAX = 16_384;
const COMMAND = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** Retrains on schedule, as `gpu-vitals models train` in a process of its own with the lowest priority: nothing waits for it. */
export async function startRetraining(options: RetrainingRoleOptions): Promise<{ stop(): Promise<void> }> {
  const { config, clock, say, tell } = options;
  const registry = await openNatsRegistry({ bus: options.bus, clock, tell });
  const stopping = new AbortController();
  let asked = Number.NEGATIVE_INFINITY;
  let of_predictions: readonly DriftSeen[] = [];
  const featureDrift = standingShift({
    moved_min: config['retrain-drift'],
    look: async () => driftOfFeatures((await options.ask(FEATURES_ASKED)) as DriftAnswer | null),
  });
  const { look } = retraining({
    registry,
    every: config['retrain-interval'],
    event_time: options.event_time,
    async drift(now) {
      if (clock.monotonic() - asked >= DRIFT_ASKED_EVERY) {
        asked = clock.monotonic();
        of_predictions = driftOfPredictions((await options.ask(PERFORMANCE_ASKED)) as PerformanceAnswer | null);
      }
      const of_features = await featureDrift(now);
      return of_features === null ? of_predictions : [...of_predictions, of_features];
    },
    train: (cause) => trainInChild(options, cause, stopping.signal),
    say,
    tell,
  });
  const timer = setInterval(() => void look(), LOOK_MS);
  return {
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await look();
      await registry.close();
    },
  };
}

function trainInChild(options: RetrainingRoleOptions, cause: TrainingCause, signal: AbortSignal): Promise<void> {
  const { config, nats_url, questdb_http, questdb_pg, say } = options;
  const child = spawn(
    process.execPath,
    [
      COMMAND,
      'models',
      'train',
      '--json',
      ...['--trigger', cause.what, '--why', cause.why],
      ...['--failure-model', config['failure-model']],
      ...['--retrain-network', config['retrain-network']],
      ...['--retrain-network-minutes', String(config['retrain-network-minutes'])],
      ...(config.targets.length > 0 ? ['--targets', config.targets.join(',')] : []),
      ...(config['targets-file'].length > 0 ? ['--targets-file', config['targets-file'].join(',')] : []),
      ...(config['targets-url'] === '' ? [] : ['--targets-url', config['targets-url']]),
      ...(config['remote-write'] === '' ? [] : ['--remote-write', config['remote-write']]),
    ],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
      // Addresses may hold passwords, and arguments are there for everybody on the machine to see.
      env: {
        ...process.env,
        GPU_VITALS_NATS: nats_url,
        GPU_VITALS_QUESTDB: questdb_http,
        GPU_VITALS_QUESTDB_PG: questdb_pg,
      },
    },
  );
  let last = '';
  const heard = createLineSplitter({
    chars_max: LINE_CHARS_MAX,
    line(text) {
      if (text === '') return;
      last = text;
      const news = newsOf(text);
      if (news !== null) say(`models: ${news}`);
    },
    oversized(head) {
      last = head;
    },
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => heard.push(text));
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => (signal.aborted ? resolve() : reject(cause)));
    child.on('close', (code) => {
      heard.end();
      if (code === 0 || signal.aborted) resolve();
      else reject(toldBy(last, code));
    });
  });
}

/** What a line of the command says for people; null for an error that did not end it. */
function newsOf(line: string): string | null {
  try {
    const { message } = JSON.parse(line) as { readonly message?: unknown };
    return typeof message === 'string' ? message : null;
  } catch {
    return line;
  }
}

/** The error that a command told as JSON before it ended. */
function toldBy(line: string, code: number | null): VitalsError {
  try {
    const { code: told, what, where, action } = JSON.parse(line) as Record<string, string>;
    if (/^GV-[A-Z]+-\d{3}$/.test(told ?? '')) {
      return new VitalsError(told as VitalsError['code'], what ?? '', where ?? '', { action: action ?? '' });
    }
  } catch {
    // It ended in another way.
  }
  return new VitalsError('GV-CLI-004', `the training ended with code ${code}: ${line}`, 'models train');
}
