import { GroupState } from '../operators/core/group-state.ts';
import { evaluateDecision } from '../operators/decisions/default-profile.ts';
import { findPrices, loadPriceBook } from '../operators/decisions/price-book.ts';
import { predict } from '../operators/prediction/predict.ts';
import { systemClock } from '../pipeline/clock.ts';
import type { FeatureVector } from '../pipeline/contract/events.ts';
import { minutes } from '../pipeline/contract/time.ts';
import { shippedModel } from '../pipeline/shipped-model.ts';
import { simulateLives } from './lives/run-lives.ts';

/** What foreseeing and deciding cost one core, in CPU time, with the model that is shipped. */
export interface PredictionStageFigures {
  readonly prediction_us: number;
  /** All of 100,000 boards once: what each 5 minutes take. */
  readonly fleet_s: number;
  /** Share of the 5 minutes. */
  readonly slot_ratio: number;
  /** The slowest of one prediction, ms, wall. */
  readonly longest_ms: number;
  readonly decision_us: number;
  readonly carried_bytes_per_gpu: number;
}

const FLEET = 100_000;
const SLOT_S = 300;

/** Vectors of a small simulated fleet, every 5 minutes, through the step as it runs live: the network steps every other time. */
export async function benchPredictionStage(options: {
  readonly gpus: number;
  readonly days: number;
}): Promise<PredictionStageFigures> {
  const { model } = await shippedModel(systemClock, () => undefined);
  const lives = simulateLives({ ...options, seed: 5, interval_ms: minutes(5), every_ms: minutes(5) });
  const vectors: FeatureVector[] = [];
  for (const some of lives.vectors()) vectors.push(...some);
  const state = new GroupState(0);
  for (const { gpu_uuid: uuid, node, model: name } of vectors) {
    state.registry.gpu(
      { uuid, instance: '', model: name, pci_bus_id: '', serial: '', slot: '' },
      state.registry.node(node),
    );
  }
  const step = predict({ models: { at: () => model }, otherwise: null });
  const columns = state.columns('predict', step.state);
  let longest_ms = 0;
  const run = (some: readonly FeatureVector[]): void => {
    for (const vector of some) {
      const began = systemClock.monotonic();
      step.on.vectors(vector, state, columns, () => undefined);
      longest_ms = Math.max(longest_ms, systemClock.monotonic() - began);
    }
  };
  const warm = Math.floor(vectors.length / 5);
  run(vectors.slice(0, warm));
  longest_ms = 0;
  const before = process.cpuUsage();
  run(vectors.slice(warm));
  const prediction_us = usedSince(before) / (vectors.length - warm);

  const prices = findPrices(loadPriceBook(null), 'NVIDIA H100 80GB HBM3');
  const unknown = { p7: null, p90: null, power_watts: null, warranty_days: null, tier: null, resale_usd: null };
  const decide = (i: number): void => {
    const p30 = 0.03 + (i % 10) / 100;
    evaluateDecision(
      { ...unknown, health: 60 + (i % 40), p30, utilisation: 0.5 + (i % 5) / 10, age_days: i % 1_500 },
      prices,
    );
  };
  const decisions = Math.max(50, Math.min(5_000, vectors.length));
  for (let i = 0; i < decisions; i++) decide(i);
  const started = process.cpuUsage();
  for (let i = 0; i < decisions; i++) decide(i);
  return {
    prediction_us,
    fleet_s: (prediction_us * FLEET) / 1e6,
    slot_ratio: (prediction_us * FLEET) / 1e6 / SLOT_S,
    longest_ms,
    decision_us: usedSince(started) / decisions,
    carried_bytes_per_gpu: 4 * model.carried_width,
  };
}

const usedSince = (start: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(start);
  return user + system;
};
