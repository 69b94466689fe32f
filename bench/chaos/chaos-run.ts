import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALERTS_STREAM } from '../../pipeline/bus/ensure-streams.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { TopologyReport } from '../../pipeline/engine.ts';
import { actOut } from './act-out.ts';
import { peopleAt, settledViews } from './api-side.ts';
import type { ChaosInput } from './chaos-input.ts';
import type { ChaosPlan } from './chaos-plan.ts';
import { startStage } from './chaos-stage.ts';
import { deskPosition } from './desk-position.ts';
import { feedInput, type InputFeed } from './input-feed.ts';
import { type Results, readResults } from './read-results.ts';
import { toldAlerts } from './told-alerts.ts';

export interface ChaosRunOptions {
  readonly input: ChaosInput;
  readonly plan: ChaosPlan;
  readonly trace: (line: string) => void;
  /** Bytes a second of links that are slow. */
  readonly slow_bytes_per_second: number;
  /** Results of the undisturbed run; null: this is it. */
  readonly wanted: Results | null;
  /** Leaves the folder behind. */
  readonly keep: boolean;
}

export interface ChaosRun {
  readonly results: Results;
  /** What is wrong without comparing: lost or doubled scrapes, ends that nobody ordered, alerts told twice. */
  readonly problems: readonly string[];
  readonly broken_off: number;
  /** Faults that could not happen here, and why; null: all did. */
  readonly left_out: string | null;
  readonly seconds: number;
  /** Bytes a second from the engine to the database while the input came. */
  readonly row_bytes_per_second: number;
  readonly folder: string;
}

const LOOK_EVERY_MS = 50;
/** So long the API may take to show what is stored: after a loss it reads the tables again twice, the last time a minute later. */
const VIEWS_LIMIT_MS = 75_000;
/** Input, faults and recovery together take a tenth of this. */
const LIMIT_MS = 180_000;

/** The whole system, from a fleet that tells a fixed story to its tables, while a plan's faults happen. */
export async function runChaos(options: ChaosRunOptions): Promise<ChaosRun> {
  const { input, plan, trace: say } = options;
  const began = systemClock.monotonic();
  const trace = (line: string): void =>
    say(`${((systemClock.monotonic() - began) / 1_000).toFixed(2).padStart(6)} ${line}`);
  const folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-chaos-'));
  let feed: InputFeed | null = null;
  const stage = await startStage({
    folder,
    plan,
    small_disks: plan.kinds.includes('disk_full'),
    exporter_port: () => feed?.exporter.port ?? 0,
    input_start_ms: input.ticks[0]?.ts ?? 0,
    trace,
  });
  const over = new AbortController();
  try {
    const mounts = !plan.kinds.includes('disk_full') || stage.disks.engine !== null;
    const left_out = mounts ? null : 'no disk ran full: this user may not mount one';
    const told = toldAlerts(stage.bus);
    const fed = await feedInput({
      input,
      bus: stage.bus,
      collectorLife: () => stage.lives('collector'),
      people: (tick) => peopleAt(tick, input.told_gpu, stage.api),
    });
    feed = fed;
    let position = 0;
    let failure: unknown = null;
    stage.bus.subscribe('vitals.topology.w0', ({ data }) => {
      position = (JSON.parse(Buffer.from(data).toString()) as TopologyReport).position;
    });
    const until = async (what: () => string, condition: () => boolean | Promise<boolean>): Promise<void> => {
      while (!(await condition())) {
        if (failure !== null) throw failure;
        if (systemClock.monotonic() - began > LIMIT_MS) throw new Error(`not within ${LIMIT_MS / 1_000} s: ${what()}`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      }
    };
    const { slow_bytes_per_second } = options;
    const acted = actOut({
      stage,
      plan,
      tick: fed.exporter.tick,
      trace,
      signal: over.signal,
      slow_bytes_per_second,
    }).catch((error: unknown) => {
      failure = error;
    });
    await until(() => `all scrapes in the stream: ${fed.state()}`, fed.complete);
    trace('all scrapes are in the stream');
    const row_bytes_per_second = (stage.links['engine-rows'].bytes() / (systemClock.monotonic() - began)) * 1_000;
    await acted;
    if (failure !== null) throw failure;
    /** Asked again while NATS is down: a fault may come as late as this. */
    const endOf = async (stream: string): Promise<number> => {
      let end = -1;
      await until(
        () => `the end of ${stream}`,
        async () => {
          end = await stage.bus.streamState(stream).then(
            ({ last_position }) => last_position,
            () => -1,
          );
          return end >= 0;
        },
      );
      return end;
    };
    const last = await endOf('DCGM_RAW');
    await until(
      () => `the engine at position ${last}`,
      () => position >= last,
    );
    trace('the engine has read everything');
    const alerts = await endOf(ALERTS_STREAM);
    await until(
      () => `the alert desk at position ${alerts}`,
      async () => (await deskPosition(stage.bus).catch(() => -1)) >= alerts,
    );
    await until(
      () => 'the API is up',
      () => stage.api() !== null,
    );
    const views = await settledViews(stage.api, options.wanted, VIEWS_LIMIT_MS);
    trace('the API was asked');
    const problems = [...fed.problems, ...(await stage.endRoles()), ...stage.complaints];
    const stored = await readResults(stage.bus, stage.services.questdb?.pg_url ?? '');
    const results = { ...stored, ...views };
    trace('the results are read');
    if (!plan.faults.some(touchesNats)) problems.push(...told.twice());
    const seconds = (systemClock.monotonic() - began) / 1_000;
    return { results, problems, broken_off: fed.broken_off(), left_out, seconds, row_bytes_per_second, folder };
  } finally {
    over.abort();
    await feed?.close();
    await stage.close();
    if (!options.keep) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    trace('everything is closed');
  }
}

/** Whether it may keep an answer of the server away, so that a message is sent again: who listens without a stream hears it twice. */
const touchesNats = ({ fault }: ChaosPlan['faults'][number]): boolean => {
  switch (fault.kind) {
    case 'kill':
      return fault.parts.includes('nats');
    case 'stop':
      return fault.part === 'nats';
    case 'disk_full':
      return fault.disk === 'nats';
    default:
      return fault.link === 'engine-nats';
  }
};
