import type { Asset } from '../contract/events.ts';
import { GPU_ASSETS } from '../contract/tables.ts';
import { type FaultKind, NO_FAULTS, planFaults } from './faults.ts';
import type { Sabotage } from './sabotage.ts';
import { drawScenario, type Scenario } from './scenario.ts';
import { seededDraw } from './seeded-random.ts';
import { BEGIN_MS, type Ended, INPUT_MS, simulate } from './simulate.ts';

export interface SeedOptions {
  readonly sabotage?: Sabotage;
  /** Kinds of faults that are left out. */
  readonly without?: readonly FaultKind[];
  readonly trace?: (line: string) => void;
}

export interface SeedResult {
  readonly seed: number;
  readonly threads: number;
  readonly kinds: readonly FaultKind[];
  /** Lives of the engine, and scheduler steps. */
  readonly processes: number;
  readonly steps: number;
  /** Rows, alerts and letters that were compared. */
  readonly compared: number;
  /** In words; none when all is well. */
  readonly problems: readonly string[];
}

/** So many seeds in a row share an input, and the undisturbed run that they are compared with. */
const SEEDS_PER_INPUT = 8;
let kept: { readonly input: number; readonly whole: Promise<Ended> } | null = null;

/** An undisturbed run of an input. The last one is kept: it depends on nothing but its number. */
function undisturbed(input: number): Promise<Ended> {
  if (kept?.input !== input) {
    const scenario = drawScenario(input);
    const rest = { faults: NO_FAULTS, threads: 1, sabotage: null, trace: () => undefined };
    kept = { input, whole: simulate({ seed: input, scenario, ...rest }) };
  }
  return kept.whole;
}

/** Runs an input under a seed's faults, and tells how its end differs from that of an undisturbed run. */
export async function simulateSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const draw = seededDraw(seed, 3);
  const span = { from: BEGIN_MS, to: BEGIN_MS + INPUT_MS * draw.between(0.8, 1.2) };
  const faults = planFaults(draw, span, options.without ?? []);
  const threads = draw.pick([1, 1, 1, 2, 3]);
  const input = Math.floor(seed / SEEDS_PER_INPUT);
  const whole = await undisturbed(input);
  const scenario = drawScenario(input);
  const ended = await simulate({
    seed,
    scenario,
    faults,
    threads,
    sabotage: options.sabotage ?? null,
    trace: options.trace ?? (() => undefined),
  });
  const foretold = foretoldBy(scenario, [...whole.passing, ...whole.versions]);
  const problems = [
    ...whole.problems.map((problem) => `undisturbed: ${problem}`),
    ...ended.problems,
    ...differences('row', ended.rows, whole.rows),
    ...differences('version', asMap(ended.versions), asMap(whole.versions)),
    // One that is left out is no difference, one that is made up is.
    ...differences('version', asMap(new Set([...ended.passing].filter((one) => !foretold(one)))), new Map()),
    ...differences('alert', counted(ended.alerts), counted(whole.alerts)),
    ...differences('letter', counted(ended.letters), counted(whole.letters)),
  ];
  return {
    seed,
    threads,
    kinds: faults.kinds,
    processes: ended.processes,
    steps: ended.steps,
    compared: whole.versions.size + whole.alerts.length + whole.letters.length,
    problems,
  };
}

/**
 * Whether a version of a row may be written while things go on: an undisturbed run wrote it, or it is an asset as people told of it
 * for a while, and else as an undisturbed run wrote that: which of two changes within seconds are written is nobody's promise.
 */
function foretoldBy({ assets }: Scenario, versions: readonly string[]): (version: string) => boolean {
  const exactly = new Set(versions);
  const told = new Set(assets.map(({ message }) => partsOf(Buffer.from(message.data).toString('utf8')).told));
  const rest = new Set(versions.filter(ofAssets).map((one) => partsOf(contentOf(one)).rest));
  return (version) => {
    if (exactly.has(version)) return true;
    if (!ofAssets(version)) return false;
    const parts = partsOf(contentOf(version));
    return told.has(parts.told) && rest.has(parts.rest);
  };
}

const ofAssets = (version: string): boolean => version.startsWith(`${GPU_ASSETS.name} `);
const contentOf = (version: string): string => version.slice(version.indexOf('{'));

/** What people have told of an asset, and what the fleet has. */
function partsOf(row: string): { readonly told: string; readonly rest: string } {
  const { owner, rack, registered_at, ...rest } = JSON.parse(row) as Asset;
  return { told: JSON.stringify([rest.gpu_uuid, owner, rack, registered_at]), rest: JSON.stringify(rest) };
}

const SHOWN_MAX = 3;
/** Characters around where two contents part. */
const SHOWN_BEFORE = 60;
const SHOWN_LENGTH = 240;

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

const excerpt = (text: string, from: number): string =>
  `${from > 0 ? '...' : ''}${text.slice(from, from + SHOWN_LENGTH)}`;

const asMap = (all: ReadonlySet<string>): Map<string, string> => new Map([...all].map((one) => [one, '']));

const counted = (all: readonly string[]): Map<string, string> => {
  const counts = new Map<string, string>();
  for (const one of all) counts.set(one, String(Number(counts.get(one) ?? '0') + 1));
  return counts;
};

function differences(what: string, here: ReadonlyMap<string, string>, there: ReadonlyMap<string, string>): string[] {
  const found = [...new Set([...here.keys(), ...there.keys()])].filter((key) => here.get(key) !== there.get(key));
  const shown = found.slice(0, SHOWN_MAX).map((key) => {
    const is = here.get(key) ?? 'none';
    const was = there.get(key) ?? 'none';
    const from = Math.max(0, firstDifference(is, was) - SHOWN_BEFORE);
    return `${what} ${key.slice(0, 300)}: ${excerpt(is, from)}, undisturbed ${excerpt(was, from)}`;
  });
  return found.length > SHOWN_MAX ? [...shown, `and ${found.length - SHOWN_MAX} more ${what}s differ`] : shown;
}
