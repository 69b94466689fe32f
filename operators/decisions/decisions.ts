import type { FeatureVector, HealthScore } from '../../pipeline/contract/events.ts';
import { findFeature } from '../../pipeline/contract/features.ts';
import { fnv1a } from '../../pipeline/contract/ids.ts';
import type { GroupView, ItemOperator } from '../../pipeline/contract/operator.ts';
import type { Decision, Prediction } from '../../pipeline/contract/predictions.ts';
import type { GpuIdentity, Registry } from '../../pipeline/contract/registry.ts';
import { type DurationMs, hours } from '../../pipeline/contract/time.ts';
import { isBoardVoice } from '../core/board-voice.ts';
import { observedHours } from '../core/observed-hours.ts';
import { decisionFields } from './decision-fields.ts';
import { DECISION_STATE, type DecisionState, healthAt, type KnownHealth, keepScore } from './decision-state.ts';
import { evaluateDecision } from './default-profile.ts';
import { lifecycleAdvice } from './lifecycle-advice.ts';
import { findPrices, type ModelPrices } from './price-book.ts';
import type { PriceBook } from './price-book-schema.ts';
import { referenceDecision } from './reference-profile.ts';

export interface DecisionsOptions {
  /** Event time between two decisions about a board. */
  readonly every: DurationMs;
  readonly profile: Decision['profile'];
  /** What the default profile counts with. */
  readonly prices: PriceBook;
}

export interface DecisionsInputs {
  readonly vectors: FeatureVector;
  readonly scores: HealthScore;
  readonly predictions: Prediction;
}

export interface DecisionsPorts {
  readonly decisions: Decision;
}

const UTILISATION = findFeature('gpu_util_ratio_mean_7d');
/** Most of a day in samples: less is not taken for how a board is used. */
const DAY_HOURS = 20;
const ENGINE_ACTIVE = findFeature('gr_engine_active_ratio_mean_7d');
const POWER = findFeature('power_usage_mean');
const AGE = findFeature('gpu_age_days');
const WARRANTY = findFeature('warranty_remaining_days');

/** Where nothing is measured. Source: DOMAIN.md section 9. */
const UTILISATION_UNKNOWN = 0.9;
/** Another row of the board counts as there when it had a vector within this: of a history they come every hour. */
const PRESENT_MS = hours(2);
const MODELS_CACHED_MAX = 1_000;

/** What is known of a board when it is decided on. */
interface BoardFacts extends KnownHealth {
  readonly p7: number;
  readonly p30: number;
  readonly p90: number;
  readonly prediction_confidence: number;
  readonly utilisation: number | null;
}

/**
 * Tells for every board what to do with it, what each option is worth, and which input would change that.
 *
 * Input    vectors (use, power, age and warranty, which are the asset's as of the row), scores, predictions. Of one row they
 *          come in this order; a vector makes a decision due, the next prediction from its instant on brings it, for MIG once
 *          every instance present has the prediction of its vector.
 * Output   decisions: with the first vector of a board, then once every `every`, at an offset that its UUID gives so that the
 *          fleet spreads evenly, and with the last one of an input. Health and risk are the newest at or before it, use the
 *          mean of the last 7 days: gpu_util, without it gr_engine_active, without both 0.9. The default profile takes no use
 *          from less than 20 hours of samples.
 * Unknown  no decision until there is a health score with a number, and none while the newest one has no number.
 * MIG      a decision is about the board (its instance is empty). The board's own row speaks where there is one; else the
 *          lowest instance present, with the lowest health and the highest risk among them, at the mean of their use.
 * Prices   those of the registry's model name. What was once paid for a board is of no account here.
 * Time     event time; no timers.
 * State    139 B per GPU.
 * Cost     under 1 us per item; about 0.1 ms per decision by the default profile, nearly all of it the sensitivity.
 * Errors   none; items of unknown GPUs, and older ones than seen, are ignored.
 */
export function decisions(
  options: DecisionsOptions,
): ItemOperator<DecisionsInputs, typeof DECISION_STATE, DecisionsPorts> {
  const pricesOf = pricesByModel(options.prices);
  const spread_s = Math.max(1, Math.floor(options.every / 1_000));
  return {
    name: 'decisions',
    summary: 'keep, sell, repurpose or decommission each board, in dollars, and what would change that',
    state: DECISION_STATE,
    ports: ['decisions'],
    on: {
      vectors(vector, group, state) {
        const gpu = group.registry.find(vector.gpu_uuid, vector.instance);
        if (gpu < 0 || vector.ts < (state.vector_ts[gpu] as number)) return;
        keepVector(vector, gpu, state, options.profile);
        const told = state.told_ts[gpu] as number;
        const offset = (fnv1a(vector.gpu_uuid) % spread_s) * 1_000;
        const passed = Math.floor((vector.ts + offset) / options.every) > Math.floor((told + offset) / options.every);
        if (told === 0 || passed || vector.final) state.due[gpu] = 1;
      },
      scores(score, group, state) {
        const gpu = group.registry.find(score.gpu_uuid, score.instance);
        if (gpu >= 0) keepScore(score, gpu, state);
      },
      predictions(prediction, group, state, emit) {
        const { registry } = group;
        const gpu = registry.find(prediction.gpu_uuid, prediction.instance);
        if (gpu < 0) return;
        const { ts } = prediction;
        state.p7[gpu] = prediction.failure_prob_7d;
        state.p30[gpu] = prediction.failure_prob_30d;
        state.p90[gpu] = prediction.failure_prob_90d;
        state.prediction_confidence[gpu] = prediction.confidence;
        state.prediction_ts[gpu] = ts;
        const since = ts - PRESENT_MS;
        const rows = prediction.instance === '' ? [gpu] : presentRows(prediction.gpu_uuid, since, registry, state);
        const speaker = rows.find((row) => isBoardVoice(registry, row, since, state.vector_ts));
        if (gpu !== speaker) state.due[gpu] = 0;
        if (speaker === undefined || state.due[speaker] === 0) return;
        const heard = registry.gpus[speaker]?.instance === '' ? [speaker] : rows;
        // Vectors of all instances come before the predictions of any.
        if (heard.some((row) => (state.prediction_ts[row] as number) < (state.vector_ts[row] as number))) return;
        const told_ts = state.prediction_ts[speaker] as number;
        const facts = factsOf(speaker, told_ts, heard, registry, state);
        if (facts === null) return;
        state.due[speaker] = 0;
        state.told_ts[speaker] = told_ts;
        emit('decisions', decide(speaker, told_ts, facts, group, state));
      },
    },
  };

  function decide(gpu: number, ts: number, facts: BoardFacts, group: GroupView, state: DecisionState): Decision {
    const { uuid, model } = group.registry.gpus[gpu] as GpuIdentity;
    const { health, p7, p30, p90 } = facts;
    const utilisation = facts.utilisation ?? UTILISATION_UNKNOWN;
    const warranty_days = orNull(state.warranty_days[gpu]);
    const valuation =
      options.profile === 'reference'
        ? referenceDecision({ health, p30, utilisation })
        : evaluateDecision(
            {
              health,
              p7,
              p30,
              p90,
              utilisation: facts.utilisation,
              power_watts: orNull(state.power_watts[gpu]),
              age_days: orNull(state.age_days[gpu]),
              warranty_days,
              tier: null,
              resale_usd: null,
            },
            pricesOf(model),
          );
    return {
      ts,
      gpu_uuid: uuid,
      node: group.registry.nodes[group.registry.gpuNodes[gpu] as number] as string,
      instance: '',
      ...decisionFields(valuation, lifecycleAdvice({ ...facts, warranty_days }, valuation)),
      health,
      p30,
      utilisation,
      profile: options.profile,
    };
  }
}

function keepVector(
  { ts, values }: FeatureVector,
  gpu: number,
  state: DecisionState,
  profile: Decision['profile'],
): void {
  const busy = values[UTILISATION] as number;
  state.vector_ts[gpu] = ts;
  // What a few hours showed says nothing about a year, and the default profile counts with a year.
  const short = profile === 'default' && observedHours(values) < DAY_HOURS;
  state.utilisation[gpu] = short ? Number.NaN : Number.isNaN(busy) ? (values[ENGINE_ACTIVE] as number) : busy;
  state.power_watts[gpu] = values[POWER] as number;
  state.age_days[gpu] = values[AGE] as number;
  state.warranty_days[gpu] = values[WARRANTY] as number;
}

const orNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;

/** What is known of a board by the rows that count; null while no health is. */
function factsOf(
  gpu: number,
  ts: number,
  rows: readonly number[],
  registry: Registry,
  state: DecisionState,
): BoardFacts | null {
  const since = ts - PRESENT_MS;
  const own = registry.gpus[gpu] as GpuIdentity;
  let weakest: KnownHealth | null = null;
  for (const row of rows) {
    const known = healthAt(row, ts, state);
    if (known !== null && (weakest === null || known.health < weakest.health)) weakest = known;
  }
  if (weakest === null) return null;
  const highest = (column: Float64Array): number =>
    rows.reduce((most, row) => Math.max(most, (column[row] as number) || 0), 0);
  return {
    ...weakest,
    p7: highest(state.p7),
    p30: highest(state.p30),
    p90: highest(state.p90),
    prediction_confidence: state.prediction_confidence[gpu] as number,
    utilisation: useOf(gpu, own, rows, since, registry, state),
  };
}

/** Rows of a cut board that had a vector lately. */
function presentRows(uuid: string, since: number, registry: Registry, state: DecisionState): readonly number[] {
  const own = registry.find(uuid, '');
  const rows = registry.instancesOf(uuid).filter((row) => (state.vector_ts[row] as number) > since);
  return own >= 0 && (state.vector_ts[own] as number) > since ? [own, ...rows] : rows;
}

/** A board's own reading; a MIG board has none, then the mean over its instances. */
function useOf(
  gpu: number,
  own: GpuIdentity,
  rows: readonly number[],
  since: number,
  registry: Registry,
  state: DecisionState,
): number | null {
  const direct = own.instance === '' ? orNull(state.utilisation[gpu]) : null;
  if (direct !== null) return direct;
  const all = own.instance === '' ? presentRows(own.uuid, since, registry, state) : rows;
  const known = all.map((row) => state.utilisation[row] as number).filter((value) => !Number.isNaN(value));
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Look-ups of a price book, remembered: a fleet has few models. */
function pricesByModel(book: PriceBook): (model: string) => ModelPrices {
  const known = new Map<string, ModelPrices>();
  return (model) => {
    let prices = known.get(model);
    if (prices === undefined) {
      if (known.size >= MODELS_CACHED_MAX) known.clear();
      prices = findPrices(book, model);
      known.set(model, prices);
    }
    return prices;
  };
}
