import { type Outcomes, outcomesOf } from './landmark-block.ts';
import { recalibrated } from './recalibrate.ts';
import { boostedRisk, type CourseRows, coxRisk, positionRisk, type RiskModel, type RiskRows } from './risk-models.ts';
import { type Course, type LandmarkRows, TITAN_FEATURES, type TitanMemory, titanMemory } from './titan-memory.ts';
import { monthStarts, type TitanHistory } from './titan-records.ts';

export const TITAN_HORIZONS = [30, 90] as const;
export type TitanHorizon = (typeof TITAN_HORIZONS)[number];

export const TITAN_MODELS = [
  'boosting retrained',
  'boosting once',
  'cox retrained',
  'cox once',
  'position rate',
] as const;
export type TitanModel = (typeof TITAN_MODELS)[number];

/** One month: who was there, what was foreseen then, and what became of it. */
export interface TitanLandmark {
  readonly rows: LandmarkRows;
  /** By model and horizon, in the order of the rows; absent where there was no model yet. */
  readonly foreseen: Map<string, Float32Array>;
  /** The same of the models that go on learning, before they were calibrated by how they did of late. */
  readonly raw: Map<string, Float32Array>;
  /** By horizon; absent where the records end before. */
  readonly outcomes: Map<TitanHorizon, Outcomes>;
  /** 1 = if it does not fail, the row stands for the others of its kind when models learn. */
  readonly picked: Uint8Array;
  /** What a Cox model learns from it; null while its days are not over. */
  courses: readonly CourseOfRow[] | null;
}

interface CourseOfRow {
  readonly row: number;
  readonly course: Course;
}

const COURSE_DAYS = 90;

export interface TitanStudyOptions {
  /** Days since 1970 of the landmark at which the models that are trained once are. */
  readonly once_at: number;
  /** One in so many of the rows without a failure is learned from. */
  readonly one_in: number;
  /** Failures below which nothing is learned. */
  readonly failures_min: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
}

export const foreseenKey = (model: TitanModel, horizon: TitanHorizon): string => `${model}, ${horizon} d`;

/** What the models that are trained once were given, and are: the reference of drift. */
export interface TitanStudy {
  readonly landmarks: readonly TitanLandmark[];
  /** Place of the landmark at which the models that are trained once were; -1 = never. */
  readonly once: number;
  readonly boosted_once: RiskModel | null;
  readonly trainings: number;
}

/**
 * Goes through the records in the order of time. At the first of each month: what is over by then is told, models learn from it
 * (all months so far), are calibrated by how they did of late, and foresee the months to come of every GPU in the machine. Nothing that is done at a landmark can look
 * behind it: the memory has not been given those records yet.
 */
export function titanStudy(history: TitanHistory, options: TitanStudyOptions): TitanStudy {
  const memory = titanMemory();
  const landmarks: TitanLandmark[] = [];
  const next = randomOf(options.seed);
  const [first] = history.records;
  let taken = 0;
  let once = -1;
  let trainings = 0;
  let models_once: Models = {};
  for (const at of monthStarts(first?.at ?? 0, history.until)) {
    for (let record = history.records[taken]; record !== undefined && record.at < at; record = history.records[taken]) {
      memory.take(record);
      taken++;
    }
    settle(landmarks, at, memory);
    const rows = memory.rowsAt(at);
    if (rows.gpus.length === 0) continue;
    const models = learn(landmarks, at, memory, options);
    if (models.cox !== undefined) trainings++;
    if (once < 0 && at >= options.once_at && models.cox !== undefined) {
      once = landmarks.length;
      models_once = models;
    }
    const picked = Uint8Array.from(rows.gpus, () => (next() * options.one_in < 1 ? 1 : 0));
    const landmark: TitanLandmark = {
      rows,
      picked,
      foreseen: new Map(),
      raw: new Map(),
      outcomes: new Map(),
      courses: null,
    };
    foresee(landmark, models, models_once, landmarks, options.one_in);
    landmarks.push(landmark);
    options.say?.(`titan: ${new Date(at * 86_400_000).toISOString().slice(0, 7)}, ${rows.gpus.length} GPUs`);
  }
  for (; taken < history.records.length; taken++) {
    const record = history.records[taken];
    if (record !== undefined) memory.take(record);
  }
  settle(landmarks, history.until, memory);
  return { landmarks, once, boosted_once: models_once.boosted?.get(30) ?? null, trainings };
}

interface Models {
  readonly boosted?: ReadonlyMap<TitanHorizon, RiskModel>;
  readonly cox?: RiskModel;
}

/** Tells what became of landmarks whose horizon has passed. */
function settle(landmarks: readonly TitanLandmark[], now: number, memory: TitanMemory): void {
  for (const { rows, outcomes } of landmarks) {
    for (const horizon of TITAN_HORIZONS) {
      if (rows.at + horizon <= now && !outcomes.has(horizon)) outcomes.set(horizon, outcomesOf(rows, horizon, memory));
    }
  }
}

function foresee(
  landmark: TitanLandmark,
  models: Models,
  once: Models,
  earlier: readonly TitanLandmark[],
  one_in: number,
): void {
  const { values } = landmark.rows;
  for (const horizon of TITAN_HORIZONS) {
    const tell = (model: TitanModel, answers: Float64Array | undefined): void => {
      if (answers !== undefined) landmark.foreseen.set(foreseenKey(model, horizon), Float32Array.from(answers));
    };
    const tellCalibrated = (model: TitanModel, answers: Float64Array | undefined): void => {
      if (answers === undefined) return;
      const key = foreseenKey(model, horizon);
      const raw = Float32Array.from(answers);
      landmark.raw.set(key, raw);
      landmark.foreseen.set(key, recalibrated(raw, settledAnswers(earlier, key, horizon), one_in));
    };
    tellCalibrated('boosting retrained', models.boosted?.get(horizon)?.(values, horizon));
    tellCalibrated('cox retrained', models.cox?.(values, horizon));
    tell('boosting once', once.boosted?.get(horizon)?.(values, horizon));
    tell('cox once', once.cox?.(values, horizon));
    tell('position rate', positionRisk(values, horizon));
  }
}

/** The last landmarks that are over, with what was said then. */
function settledAnswers(earlier: readonly TitanLandmark[], key: string, horizon: TitanHorizon) {
  return earlier
    .flatMap(({ raw, outcomes, picked }) => {
      const answers = raw.get(key);
      const known = outcomes.get(horizon);
      return answers === undefined || known === undefined ? [] : [{ answers, outcomes: known, picked }];
    })
    .slice(-CALIBRATION_MONTHS);
}

const CALIBRATION_MONTHS = 6;

function learn(
  landmarks: readonly TitanLandmark[],
  now: number,
  memory: TitanMemory,
  { one_in, failures_min, seed }: TitanStudyOptions,
): Models {
  const courses = courseRows(landmarks, now, memory, one_in);
  if (courses.events.reduce((sum, event) => sum + event, 0) < failures_min) return {};
  const boosted = new Map<TitanHorizon, RiskModel>();
  for (const horizon of TITAN_HORIZONS) {
    const rows = riskRows(landmarks, horizon, one_in);
    if (rows.labels.reduce((sum, label) => sum + label, 0) >= failures_min)
      boosted.set(horizon, boostedRisk(rows, seed));
  }
  return { boosted, cox: coxRisk(courses) };
}

/** Rows of which all is known by now, by the horizon. */
function riskRows(landmarks: readonly TitanLandmark[], horizon: TitanHorizon, one_in: number): RiskRows {
  const kept = keptRows();
  const labels: number[] = [];
  const weights: number[] = [];
  for (const { rows, outcomes, picked } of landmarks) {
    const known = outcomes.get(horizon);
    if (known === undefined) continue;
    known.labels.forEach((label, i) => {
      const weight = known.weights[i] as number;
      if (weight === 0 || (label === 0 && picked[i] === 0)) return;
      kept.add(rows, i);
      labels.push(label);
      weights.push(label === 1 ? weight : weight * one_in);
    });
  }
  return { values: kept.values(), labels: Float32Array.from(labels), weights: Float32Array.from(weights) };
}

/** Courses as far as they are known by now, 90 days at most. */
function courseRows(landmarks: readonly TitanLandmark[], now: number, memory: TitanMemory, one_in: number): CourseRows {
  const kept = keptRows();
  const days: number[] = [];
  const events: number[] = [];
  const weights: number[] = [];
  for (const landmark of landmarks) {
    for (const { row, course } of coursesOf(landmark, now, memory)) {
      kept.add(landmark.rows, row);
      days.push(course.days);
      events.push(course.event ? 1 : 0);
      weights.push(course.event ? 1 : one_in);
    }
  }
  return {
    values: kept.values(),
    days: Float64Array.from(days),
    events: Uint8Array.from(events),
    weights: Float64Array.from(weights),
  };
}

/** Of those that failed, and of the picked ones; kept once nothing can be added to them. */
function coursesOf(landmark: TitanLandmark, now: number, memory: TitanMemory): readonly CourseOfRow[] {
  if (landmark.courses !== null) return landmark.courses;
  const { rows, picked } = landmark;
  const until = Math.min(now, rows.at + COURSE_DAYS);
  const courses: CourseOfRow[] = [];
  rows.gpus.forEach((gpu, row) => {
    const course = memory.course(gpu, rows.at, until);
    if (course.days > 0 && (course.event || picked[row] === 1)) courses.push({ row, course });
  });
  if (until === rows.at + COURSE_DAYS) landmark.courses = courses;
  return courses;
}

/** Gathers rows of many landmarks side by side. */
function keptRows(): { add(rows: LandmarkRows, row: number): void; values(): Float32Array } {
  const width = TITAN_FEATURES.length;
  const kept: Float32Array[] = [];
  return {
    add({ values }, row) {
      kept.push(values.subarray(row * width, (row + 1) * width));
    },
    values() {
      const all = new Float32Array(kept.length * width);
      kept.forEach((row, i) => {
        all.set(row, i * width);
      });
      return all;
    },
  };
}

/** mulberry32: 0 <= x < 1. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
