import { VitalsError } from '../contract/errors.ts';
import { type EngineProcess, startProcess, type World } from './engine-process.ts';
import type { FaultKind, FaultPlan } from './faults.ts';
import { MemoryDatabase } from './memory-database.ts';
import { MemoryDisk } from './memory-disk.ts';
import { ROWS_WAITING_MAX } from './memory-sinks.ts';
import { MemoryStreams } from './memory-streams.ts';
import type { Sabotage } from './sabotage.ts';
import type { Scenario } from './scenario.ts';
import { seededDraw } from './seeded-random.ts';
import { VirtualTime } from './virtual-time.ts';

export interface SimulateOptions {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly faults: FaultPlan;
  readonly threads: number;
  readonly sabotage: Sabotage | null;
  readonly trace: (line: string) => void;
}

/** How the world looks when the input is through and the engine has ended. */
export interface Ended {
  readonly rows: ReadonlyMap<string, string>;
  readonly versions: ReadonlySet<string>;
  readonly passing: ReadonlySet<string>;
  /** Ids and contents of what is stored, in the order of ids. */
  readonly alerts: readonly string[];
  readonly letters: readonly string[];
  /** What must not be, whatever an undisturbed run looks like. */
  readonly problems: readonly string[];
  readonly processes: number;
  readonly steps: number;
}

export const BEGIN_MS = Date.UTC(2026, 5, 1);
/** Virtual time in which the input is stored; event time passes much faster than that. */
export const INPUT_MS = 24_000;
/** So long after the last fault everything is to be through. */
const PATIENCE_MS = 600_000;
const TICK_MS = 100;
const SETTLE_MS = 5_000;
/** One read's worth of messages may be written after a queue is full: rows of each, and letters. */
const OVERSHOOT_MAX = 512 * 6;
const PUBLISHER_WINDOW = 1_024;

/** One run from the first message to a graceful end, whatever happens in between. */
export async function simulate(options: SimulateOptions): Promise<Ended> {
  const { scenario, faults, trace } = options;
  const time = new VirtualTime(BEGIN_MS);
  const draw = seededDraw(options.seed, 2);
  const world: World = {
    time,
    draw,
    faults,
    streams: new MemoryStreams(),
    disk: new MemoryDisk(),
    database: new MemoryDatabase(),
  };
  storeInput(world, scenario);
  const problems = new Set<string>();
  let told = 0;
  let refused = 0;
  const say = (line: string): void => trace(`${(time.now - BEGIN_MS).toFixed(1).padStart(9)} ${line}`);
  const begin = (): EngineProcess => {
    told = 0;
    refused = 0;
    say('start');
    return startProcess(world, {
      ...options,
      tell(error) {
        say(`${error.code} ${error.message}`);
        const expected = EXPECTED[error.code] ?? [];
        if (!expected.some((kind) => faults.kinds.includes(kind))) problems.add(`told: ${error.code} ${error.message}`);
      },
      told({ subject, data }) {
        if (!subject.startsWith('vitals.topology.')) return;
        const { position } = JSON.parse(Buffer.from(data).toString('utf8')) as { position: number };
        if (position < told) problems.add(`the position told went back from ${told} to ${position}`);
        told = position;
      },
      toldAgain: (id) => problems.add(`${id} was told again`),
      refused() {
        refused++;
      },
      waiting(what, count) {
        const most = (what === 'publisher' ? PUBLISHER_WINDOW : ROWS_WAITING_MAX) + OVERSHOOT_MAX;
        if (count > most) problems.add(`${what}: ${count} are waiting`);
      },
    });
  };

  // Time passes, also while nobody waits for anything.
  const tick = (): void => {
    time.at(time.now + TICK_MS, tick);
  };
  tick();
  let now = begin();
  let processes = 1;
  const ends = [...faults.ends];
  /** Steps until the process is killed; null: it is not to be. */
  let fuse: number | null = null;
  let rotten = !faults.kinds.includes('rot');
  let ending = 'no' as 'no' | 'asked' | 'over';
  const last = scenario.raw.length;
  const quiet = Math.max(faults.until, BEGIN_MS + INPUT_MS);
  const bury = (): void => {
    // What is read again goes to no sink, so that its letters are not counted here.
    if (now.engine && faults.kinds.length === 0) {
      checkCounters(now.engine.counters().steps, refused, problems);
    }
    now.life.kill();
    fuse = null;
    ending = 'no';
  };
  const rise = (): void => {
    const after = draw.between(50, 1_500);
    const dead = now;
    time.at(time.now + after, () => {
      if (now !== dead) return;
      processes++;
      now = begin();
      settled = null;
      through = false;
    });
  };
  const ask = (): void => {
    ending = 'asked';
    const asked = now;
    asked.stop().then(
      () => {
        if (asked === now) ending = 'over';
      },
      (error: unknown) => {
        asked.failure ??= error;
      },
    );
  };
  let introduced: EngineProcess | null = null;
  /** When what waits for quiet was done by this process: the inventory is written again after a start. */
  let settled: number | null = null;
  /** It was asked to end because all is through. */
  let through = false;
  for (;;) {
    if (now.engine && introduced !== now) {
      introduced = now;
      say(`reads from ${now.engine.from}`);
    }
    await time.step();
    if (time.now > quiet + PATIENCE_MS) {
      problems.add(`hangs: position ${now.engine?.counters().position} of ${last}, ending ${ending}`);
      break;
    }
    if (!now.life.alive) continue;
    now.life.skew_ms = faults.now('skew', time.now) ? ((options.seed * 7_919) % 7_200_000) - 3_600_000 : 0;
    const next = ends[0];
    if (next !== undefined && time.now >= next.at) {
      if (next.kind === 'restart') {
        ends.shift();
        if (now.engine && ending === 'no') ask();
        say('is asked to end');
        continue;
      }
      fuse ??= next.steps;
      if (fuse-- <= 0) {
        ends.shift();
        say(`${next.kind} at ${now.engine?.counters().position}`);
        bury();
        if (next.kind === 'power') world.disk.loseTail(draw);
        if (!rotten && draw.chance(0.5)) {
          const name = world.disk.rot(draw);
          rotten = name !== null;
          say(`rot in ${name}`);
        }
        rise();
      }
      continue;
    }
    if (now.failure !== null) {
      say(`failed: ${String(now.failure)}`);
      const { failure } = now;
      if (!(failure instanceof VitalsError && failure.code === 'GV-BUS-001')) {
        problems.add(`failed: ${failure instanceof Error ? failure.stack : String(failure)}`);
      }
      bury();
      rise();
      continue;
    }
    if (ending === 'over') {
      const { position } = now.engine?.counters() ?? { position: 0 };
      say(`ended at ${position}`);
      bury();
      if (through && position === last && ends.length === 0) break;
      rise();
    } else if (ending === 'no' && time.now > quiet && now.engine?.counters().position === last) {
      settled ??= time.now + SETTLE_MS;
      if (time.now > settled) {
        through = true;
        ask();
      }
    }
  }
  return {
    rows: world.database.rows,
    versions: world.database.versions,
    passing: world.database.passing,
    alerts: contents(world, 'ALERTS'),
    letters: contents(world, 'DCGM_INVALID'),
    problems: [...problems],
    processes,
    steps: time.steps,
  };
}

/** Errors that may be told, and of which faults. */
const EXPECTED: Readonly<Record<string, readonly FaultKind[]>> = {
  'GV-SNP-001': ['disk_full', 'rot', 'power'],
  'GV-BUS-001': ['cut'],
};

/** So long before the first row for which a change counts. */
const ASSET_LEAD_MS = 50;

function storeInput({ time, streams }: World, { raw, assets }: Scenario): void {
  const instantOf = (index: number): number => BEGIN_MS + (index * INPUT_MS) / raw.length;
  for (const { before, message } of assets) {
    time.at(instantOf(before) - ASSET_LEAD_MS, () => streams.append('ASSETS', message, time.now));
  }
  raw.forEach((message, index) => {
    time.at(instantOf(index), () => streams.append('DCGM_RAW', message, time.now));
  });
}

const contents = ({ streams }: World, stream: string): string[] =>
  streams
    .held(stream)
    .map(({ id, data }) => `${id} ${Buffer.from(data).toString('base64')}`)
    .sort();

interface Counted {
  readonly id: string;
  readonly items_in: number;
}

/** Rows are accepted or refused. */
function checkCounters(steps: readonly Counted[], refused: number, problems: Set<string>): void {
  const taken = (id: string): number => steps.find((step) => step.id === id)?.items_in ?? Number.NaN;
  if (taken('validate') !== taken('enrich') + refused) {
    problems.add(`of ${taken('validate')} rows ${taken('enrich')} were accepted and ${refused} refused`);
  }
}
