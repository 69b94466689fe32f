import type { FailureType } from '../../pipeline/contract/predictions.ts';

/**
 * How often boards fail, before anything is raised for training.
 *
 * Level: 256 of the 419 unplanned interruptions that 16,384 H100 saw in 54 days were the boards' own (faulty GPU 148, HBM3 72,
 * SRAM 19, system processor 17), which is 10.6 % of the boards a year; not each of them cost a board, hence 7 %
 * ("The Llama 3 Herd of Models", 2024, table 5). Shares: memory is 91 of those 256; the rest is told as "faulty GPU"
 * and split here by judgement. Uncorrectable errors on H100 memory come 3.2 times as often as on A100, other hardware fails less
 * ("Characterizing GPU Resilience", Delta, arXiv 2503.11901), which the factors below follow at half its size, because most
 * of those errors are contained. Age, heat and place matter ("GPU Lifetimes on Titan", SC20): early failures, a flat part
 * and wear are three Weibull hazards of shape 0.5, 1 and 3 that compete.
 */
export const FAILURES_PER_YEAR = 0.07;

export const TYPE_SHARES: Readonly<Record<FailureType, number>> = {
  memory: 0.36,
  thermal: 0.16,
  power: 0.14,
  other: 0.34,
};

/** Parts of the hazard that are early failure, chance and wear; each row sums to 1. */
const AGE_PARTS: Readonly<Record<FailureType, readonly [early: number, flat: number, wear: number]>> = {
  memory: [0.35, 0.35, 0.3],
  thermal: [0.1, 0.3, 0.6],
  power: [0.4, 0.2, 0.4],
  other: [0.35, 0.55, 0.1],
};

/** The fleet's ages, in years: each part of the hazard has the mean 1 over them. */
export const OLDEST_YEARS = 4;
const YOUNGEST_YEARS = 0.02;

/** How much likelier than usual a failure of this type is at this age; mean about 1 over 0 to 4 years. */
export function ageFactor(type: FailureType, years: number): number {
  const [early, flat, wear] = AGE_PARTS[type];
  const age = Math.max(YOUNGEST_YEARS, years);
  return early * age ** -0.5 + flat + wear * age ** 2 * (3 / OLDEST_YEARS ** 2);
}

/** H100 and H200 against what came before, A100 = 1 in the mean. */
export function modelFactor(type: FailureType, model: string): number {
  const newer = /H[12]00/.test(model);
  if (type === 'memory') return newer ? 1.25 : 0.75;
  return newer ? 0.9 : 1.15;
}

/** What a board was born with, and where it stands, that makes it likelier to fail than its peers. */
export interface Disposition {
  /** Unseen; mean 1 over boards. */
  readonly frailty: number;
  readonly model: string;
  /** Background of corrected errors, per hour. */
  readonly sbe_per_hour: number;
  /** Resistance of its cooler, 1 = usual. */
  readonly resistance: number;
  /** Air at its place against the usual, C. */
  readonly heat_c: number;
}

/** Failures per year of one board by type, at an age. */
export function hazardPerYear(type: FailureType, board: Disposition, years: number): number {
  const base = FAILURES_PER_YEAR * TYPE_SHARES[type] * ageFactor(type, years) * modelFactor(type, board.model);
  return base * board.frailty * SENSITIVITY[type](board);
}

/** Doubling of corrosion and diffusion per 15 to 20 C; a background of errors as a weak sign of weak cells. */
const SENSITIVITY: Readonly<Record<FailureType, (board: Disposition) => number>> = {
  memory: ({ sbe_per_hour, heat_c }) =>
    (sbe_per_hour < 0.01 ? 0.85 : sbe_per_hour < 0.1 ? 1.4 : 2.2) * Math.exp(0.02 * heat_c),
  thermal: ({ resistance, heat_c }) => Math.exp(4 * (resistance - 1) + 0.05 * heat_c),
  power: ({ heat_c }) => Math.exp(0.03 * heat_c),
  other: () => 1,
};
