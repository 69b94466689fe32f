import { describe, expect, it } from 'vitest';
import { CONDITIONS } from '../operators/conditions/condition-table.ts';
import { conditions } from '../operators/conditions/conditions.ts';
import { loadPriceBook } from '../operators/decisions/price-book.ts';
import { analysisOf } from './analysis.ts';
import { loadConfig } from './config.ts';
import { VitalsError } from './contract/errors.ts';
import { NO_MODELS } from './contract/failure-model.ts';
import type { Topology } from './define-topology.ts';
import { conditionSettings, DETECTOR_NAMES } from './detectors.ts';
import { fleetVitals } from './topology.ts';

const load = (flags: Readonly<Record<string, unknown>>) =>
  loadConfig({
    file: '/nonexistent/gpu-vitals.yaml',
    file_required: false,
    environment: {},
    flags: Object.fromEntries(Object.entries(flags).map(([key, value]) => [key, JSON.stringify(value)])),
  }).values;

function failure(detectors: unknown): string {
  try {
    load({ detectors });
  } catch (error) {
    return error instanceof VitalsError ? error.line() : `unexpected ${String(error)}`;
  }
  return 'no error';
}

const topologyOf = (flags: Readonly<Record<string, unknown>>): Topology =>
  fleetVitals({
    ...analysisOf(load(flags)),
    future_max: null,
    assets: { get: () => undefined, edition: () => 0 },
    models: NO_MODELS,
    prices: loadPriceBook(null),
  });
const zscoreSteps = (topology: Topology): string[] =>
  topology.nodes.flatMap(({ id, kind }) => (kind === 'operator' && id.startsWith('zscore') ? [id] : []));

const CONDITION_NAMES: readonly string[] = CONDITIONS.map(({ key }) => key);
const STEPS = DETECTOR_NAMES.filter((name) => !CONDITION_NAMES.includes(name));
const LIMITS = { info: 1, warning: 2, critical: 3 };

describe('limits of detectors', () => {
  it.each(STEPS)('are refused, every one, for the step %s, which is switched on and off only', (step) => {
    const line = failure({ [step]: { enabled: true, ...LIMITS, info: null } });
    for (const severity of Object.keys(LIMITS)) {
      expect(line).toMatch(new RegExp(`it is switched on and off only[^;]* at ${step}\\.${severity}`));
    }
    expect(load({ detectors: { [step]: { enabled: false } } }).detectors).toEqual({ [step]: { enabled: false } });
  });

  it.each([
    ['zscore', 'zscore-threshold and zscore-thresholds are its limits'],
    ['conditions', 'limits are those of each condition, by its name'],
    ['novelty', 'novelty-contamination is its limit'],
  ])('of %s: says where they stand instead', (step, where) => {
    expect(failure({ [step]: { warning: 5 } })).toContain(`${where} at ${step}.warning`);
  });

  it.each(CONDITION_NAMES)('are taken for %s where it has one, and where null takes a severity away', (name) => {
    const condition = CONDITIONS.find(({ key }) => key === name);
    const own = Object.entries(LIMITS).flatMap(([severity, limit]) =>
      condition?.[severity as keyof typeof LIMITS] === null ? [] : [[severity, limit]],
    );
    for (const setting of [Object.fromEntries(own), { enabled: false, info: null, warning: null, critical: null }]) {
      expect(load({ detectors: { [name]: setting } }).detectors).toEqual({ [name]: setting });
    }
  });

  it.each([
    ['gpu_temperature', 'info'],
    ['ecc_dbe', 'warning'],
    ['framebuffer_stuck', 'critical'],
  ])('of %s are refused for %s, which they would not change', (name, severity) => {
    expect(failure({ [name]: { [severity]: 1 } })).toContain(
      `there is no limit for this severity at ${name}.${severity}`,
    );
  });

  it('tell all that is wrong at once, and reach the conditions', () => {
    const line = failure({ zscore: { warning: 5 }, nope: {}, pcie_replay_rate: { warnin: 1, critical: 'x' } });
    expect(line).toMatch(/at zscore\.warning/);
    expect(line).toMatch(/"nope"/);
    expect(line).toMatch(/"warnin" at pcie_replay_rate/);
    expect(line).toMatch(/at pcie_replay_rate\.critical/);
    const { detectors } = load({ detectors: { zscore: { enabled: false }, pcie_replay_rate: { warning: 2 } } });
    expect(conditionSettings(detectors)).toEqual({ pcie_replay_rate: { warning: 2 } });
    expect(() => conditions(conditionSettings(detectors))).not.toThrow();
  });
});

describe('gauges of zscore', () => {
  it('are those of the board in one step, and each that configuration adds in a step of its own', () => {
    expect(zscoreSteps(topologyOf({}))).toEqual(['zscore']);
    const added = { power_watts: 4, sm_active_ratio: 5, fb_used_bytes: 6 };
    const topology = topologyOf({ 'zscore-thresholds': added });
    expect(zscoreSteps(topology)).toEqual(['zscore', 'zscore_fb_used_bytes', 'zscore_sm_active_ratio']);
    const told = topology.nodes.find(({ id }) => id === 'gone')?.inputs.map(({ step }) => step);
    expect(told).toEqual(expect.arrayContaining(zscoreSteps(topology)));
    expect(zscoreSteps(topologyOf({ 'zscore-thresholds': added, detectors: { zscore: { enabled: false } } }))).toEqual(
      [],
    );
  });
});
