import { FAILURE_TYPES, type FailureType } from '../../pipeline/contract/predictions.ts';
import { boardSeed, bornWith } from '../fleet/board.ts';
import { type FleetNode, GPUS_PER_NODE, identityOf } from '../fleet/layout.ts';
import { bell, chance, type Draws, draw, draws, mix } from '../fleet/random.ts';
import { COURSE_KINDS, type CourseKind, type CourseShape } from './course-kinds.ts';
import { type Disposition, FAILURES_PER_YEAR, hazardPerYear, OLDEST_YEARS } from './failure-rates.ts';
import { createLifeLayout, type LifeLayout, type Site } from './life-layout.ts';

export interface LivesOptions {
  readonly gpus: number;
  readonly days: number;
  readonly seed: number;
  readonly start_ms: number;
  /** Times the published rate, for failures and for what looks like them: training sets would need decades otherwise. */
  readonly failure_rate_scale: number;
}

/** One board in its slot, from when it is in service until it leaves it. */
export interface Life {
  /** Place in the fleet's arrays; a later life in the same slot has the same. */
  readonly gpu: number;
  readonly gpu_uuid: string;
  readonly node: string;
  readonly board_seed: number;
  readonly deployed_at: number;
  readonly from_ms: number;
  /** The failure, the maintenance, or the end of the plan. */
  readonly to_ms: number;
  readonly end: 'failed' | 'maintained' | 'in_service';
  readonly type: FailureType | null;
  /** When the slot is in service again, with this board or another; null for those that never left it. */
  readonly back_ms: number | null;
  /** Whether another board comes after it; else the same one, mended, under the same UUID. */
  readonly replaced: boolean;
}

/** A course of getting worse: what of it is told ends at `until_ms`, which is not always where it leads. */
export interface Course extends CourseShape {
  readonly kind: CourseKind;
  readonly gpu: number;
  readonly gpu_uuid: string;
  readonly until_ms: number;
  readonly ends: 'failure' | 'maintenance' | 'nothing';
  /** A course that leads nowhere may stop getting worse here and stay so. */
  readonly progress_max: number;
}

export interface LivesPlan extends LifeLayout {
  readonly options: LivesOptions;
  readonly lives: readonly Life[];
  readonly courses: readonly Course[];
  /** Sum of all hazards over the time in service within the run: how many failures are to be expected. */
  readonly failures_expected: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const YEAR_DAYS = 365.25;
/** Failures up to this long after the run are planned, because their courses reach into it. */
const BEYOND_DAYS = 60;
const COURSE_DAYS = [0.5, 45] as const;
/** Failures without any course before them; as many again have one that is too weak, too short or in no reading. */
const SUDDEN: Readonly<Record<FailureType, number>> = { memory: 0.15, thermal: 0.1, power: 0.25, other: 0.35 };
/** Courses that somebody noticed and ended. */
const MAINTAINED = 0.15;
/** Courses of the same shapes that lead nowhere, against those that lead to failures. */
const NOWHERE_PER_FAILURE = 1;
/** Machines come by the lorry: boards of one delivery are of one age, so that age tells no single board. */
const RACKS_PER_DELIVERY = 3;
/** Boards that come back mended; the others are sent in and another takes their slot. */
const MENDED: Readonly<Record<FailureType, number>> = { memory: 0.1, thermal: 0.5, power: 0.4, other: 0.5 };

const lognormal = (from: Draws, median: number, sigma: number): number => median * Math.exp(sigma * bell(from));
/** Index drawn in proportion to the weights. */
function weighted(weights: readonly number[], from: Draws): number {
  let left = draw(from) * weights.reduce((sum, weight) => sum + weight, 0);
  for (let k = 0; k < weights.length; k++) {
    left -= weights[k] as number;
    if (left < 0) return k;
  }
  return weights.length - 1;
}
const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/**
 * Who lives how long, and what is to be seen before. Everything is drawn from the seed, per slot and life: nothing about a
 * life depends on its place in the fleet, on the exporter in front of it or on the end of the run; courses begin before
 * it and failures fall after it. Age at the start is 0 to 4 years by delivery, with boards changed since.
 */
export function planLives(options: LivesOptions): LivesPlan {
  const fleet = createLifeLayout(options.gpus, options.seed);
  const lives: Life[] = [];
  const courses: Course[] = [];
  const expected = { failures: 0 };
  for (const node of fleet.layout.nodes) {
    const site = fleet.sites[node.index] as Site;
    for (let slot = 0; slot < node.gpus; slot++)
      planSlot(options, node, site, node.first + slot, lives, courses, expected);
  }
  return { ...fleet, options, lives, courses, failures_expected: expected.failures };
}

function planSlot(
  options: LivesOptions,
  node: FleetNode,
  site: Site,
  gpu: number,
  lives: Life[],
  courses: Course[],
  expected: { failures: number },
): void {
  const { seed, start_ms, days } = options;
  const run_end_ms = start_ms + days * DAY_MS;
  const last_ms = run_end_ms + BEYOND_DAYS * DAY_MS;
  const delivery = mix(seed ^ 0xde11, Math.floor(node.position.rack / RACKS_PER_DELIVERY));
  const bought_years = OLDEST_YEARS * chance(delivery, 0xa9e);
  let from_ms = start_ms;
  let board_seed = boardSeed(seed, gpu);
  const youth = chance(board_seed, 0x1a) < 0.12 ? chance(board_seed, 0x1b) : 1;
  let deployed_at = Math.round(start_ms - bought_years * youth * YEAR_DAYS * DAY_MS);
  let gpu_uuid = identityOf(seed, gpu, gpu % GPUS_PER_NODE).uuid;
  for (let turn = 0; from_ms < run_end_ms; turn++) {
    const luck = mix(mix(seed ^ 0x11fe, gpu), turn);
    const from = draws(luck);
    const board = dispositionOf(node, site, board_seed);
    const fate = drawFate(options, board, from, { from_ms, last_ms, run_end_ms, deployed_at }, expected);
    const who = { gpu, gpu_uuid, node: node.name, board_seed, deployed_at, from_ms };
    const course = fate === null ? null : drawCourse(fate, node, { ...who, turn }, from);
    if (course !== null && course.start_ms < run_end_ms) courses.push(course);
    const to_ms = course?.until_ms ?? fate?.at_ms ?? last_ms;
    drawNowhere(options, node, { ...who, to_ms: Math.min(to_ms, run_end_ms) }, mix(luck, 0x90), courses);
    if (fate === null || to_ms >= run_end_ms) {
      lives.push({ ...who, to_ms: run_end_ms, end: 'in_service', type: null, back_ms: null, replaced: false });
      return;
    }
    const maintained = course?.ends === 'maintenance';
    const away_days = maintained ? lognormal(from, 0.3, 0.8) : clamp(lognormal(from, 1.5, 0.9), 0.1, 21);
    const back_ms = Math.round(to_ms + away_days * DAY_MS);
    const replaced = draw(from) >= MENDED[fate.type];
    lives.push({ ...who, to_ms, end: maintained ? 'maintained' : 'failed', type: fate.type, back_ms, replaced });
    from_ms = back_ms;
    if (!replaced) continue;
    board_seed = nextSeed({ board_seed, to_ms });
    gpu_uuid = identityOf(mix(seed, 0x2e3 + turn), gpu, gpu % GPUS_PER_NODE).uuid;
    // What comes from the shelf of spares was mended or is new.
    deployed_at = draw(from) < 0.7 ? back_ms : Math.round(back_ms - draw(from) * 2 * YEAR_DAYS * DAY_MS);
  }
}

/** What another board in the slot is born with. */
export const nextSeed = (life: Pick<Life, 'board_seed' | 'to_ms'>): number =>
  mix(life.board_seed, 0xb0a2d ^ (life.to_ms % 4_294_967_296));

function dispositionOf(node: FleetNode, site: Site, board_seed: number): Disposition {
  const born = bornWith(board_seed);
  const sigma = 0.6;
  const frailty = Math.exp(sigma * bell(draws(mix(board_seed, 0xf2a))) - sigma ** 2 / 2);
  return {
    frailty,
    model: node.model.name,
    sbe_per_hour: born.sbe_per_second * 3_600,
    resistance: born.resistance,
    heat_c: site.heat_c,
  };
}

interface Fate {
  readonly at_ms: number;
  readonly type: FailureType;
}

/** The first event of four competing hazards, day by day; null when none comes before the plan ends. */
function drawFate(
  { failure_rate_scale }: LivesOptions,
  board: Disposition,
  from: Draws,
  span: {
    readonly from_ms: number;
    readonly last_ms: number;
    readonly run_end_ms: number;
    readonly deployed_at: number;
  },
  expected: { failures: number },
): Fate | null {
  let left = -Math.log(1 - draw(from));
  // Some of what begins is ended by people: the rest is to come as often as published.
  const raise = failure_rate_scale / (1 - MAINTAINED * (1 - 0.33));
  for (let ts = span.from_ms; ts < span.last_ms; ts += DAY_MS) {
    const years = (ts - span.deployed_at) / DAY_MS / YEAR_DAYS;
    const hazards = FAILURE_TYPES.map((type) => (raise * hazardPerYear(type, board, years)) / YEAR_DAYS);
    const today = hazards.reduce((sum, h) => sum + h, 0);
    const told = failure_rate_scale / raise;
    if (left <= today) {
      const at_ms = Math.round(ts + (left / today) * DAY_MS);
      expected.failures += told * today * clamp((Math.min(at_ms, span.run_end_ms) - ts) / DAY_MS, 0, 1);
      return { at_ms, type: FAILURE_TYPES[weighted(hazards, from)] as FailureType };
    }
    expected.failures += told * today * clamp((span.run_end_ms - ts) / DAY_MS, 0, 1);
    left -= today;
  }
  return null;
}

type Who = Pick<Life, 'gpu' | 'gpu_uuid' | 'node' | 'from_ms'>;

function pickKind(type: FailureType | null, node: FleetNode, from: Draws): CourseKind {
  const kinds = COURSE_KINDS.filter(
    (kind) => (type === null || kind.type === type) && (!kind.nvlink_only || node.model.nvlinks > 0),
  );
  return kinds[
    weighted(
      kinds.map(({ weight }) => weight),
      from,
    )
  ] as CourseKind;
}

const strengthOf = (from: Draws): number => clamp(lognormal(from, 1.2, 0.6), 0.1, 4);

/** What is seen before a failure; null for those that come out of nothing. */
function drawCourse(fate: Fate, node: FleetNode, who: Who & { readonly turn: number }, from: Draws): Course | null {
  const sudden = draw(from) < SUDDEN[fate.type];
  const kind = pickKind(fate.type, node, from);
  const length_days = clamp(lognormal(from, kind.median_days, 0.85), ...COURSE_DAYS);
  const strength = strengthOf(from);
  const maintained = draw(from) < MAINTAINED;
  const cut = 0.35 + 0.6 * draw(from);
  const seed = mix(from.state, who.gpu);
  if (sudden) return null;
  const wished_ms = Math.round(fate.at_ms - length_days * DAY_MS);
  // What stands in its slot when the run begins has a past there; a board that comes later has none.
  const start_ms = who.turn === 0 ? wished_ms : Math.max(who.from_ms, wished_ms);
  const cut_ms = Math.round(start_ms + cut * (fate.at_ms - start_ms));
  const ended = maintained && cut_ms > who.from_ms;
  return {
    kind,
    gpu: who.gpu,
    gpu_uuid: who.gpu_uuid,
    start_ms,
    end_ms: fate.at_ms,
    strength,
    seed,
    until_ms: ended ? cut_ms : fate.at_ms,
    ends: ended ? 'maintenance' : 'failure',
    progress_max: 1,
  };
}

/** Courses of the same shapes on boards that do not fail of them: they stop, or stay as bad as they are. */
function drawNowhere(
  { failure_rate_scale }: LivesOptions,
  node: FleetNode,
  who: Who & { readonly to_ms: number },
  luck: number,
  courses: Course[],
): void {
  const from = draws(luck);
  const per_day = (NOWHERE_PER_FAILURE * FAILURES_PER_YEAR * failure_rate_scale) / YEAR_DAYS;
  for (let ts = who.from_ms - 20 * DAY_MS; ; ) {
    ts += (-Math.log(1 - draw(from)) / per_day) * DAY_MS;
    if (ts >= who.to_ms) return;
    const kind = pickKind(null, node, from);
    const length_ms = clamp(lognormal(from, kind.median_days, 0.85), ...COURSE_DAYS) * DAY_MS;
    const progress_max = 0.08 + 0.6 * draw(from) ** 1.5;
    const stays_ms = draw(from) < 0.4 ? lognormal(from, 12, 0.9) * DAY_MS : draw(from) * 6 * HOUR_MS;
    const start_ms = Math.round(ts);
    const course: Course = {
      kind,
      gpu: who.gpu,
      gpu_uuid: who.gpu_uuid,
      start_ms,
      end_ms: Math.round(start_ms + length_ms),
      // What leads nowhere is weaker as a rule, though not always.
      strength: 0.75 * strengthOf(from),
      seed: mix(from.state, who.gpu),
      until_ms: Math.min(who.to_ms, Math.round(start_ms + progress_max * length_ms + stays_ms)),
      ends: 'nothing',
      progress_max,
    };
    if (course.until_ms > who.from_ms) courses.push(course);
  }
}
