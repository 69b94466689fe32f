import {
  DIMENSIONS,
  type Dimension,
  type HealthContribution,
  type HealthGrade,
  type HealthProfile,
  type HealthScore,
  type RecoveryAction,
} from '../../pipeline/contract/events.ts';

export type PerDimension<T> = Readonly<Record<Dimension, T>>;

/** Share of each dimension in the overall score. Source: the specification, the same in both profiles. */
export const DIMENSION_WEIGHTS: PerDimension<number> = {
  memory: 0.3,
  thermal: 0.25,
  performance: 0.2,
  power: 0.15,
  reliability: 0.1,
};

/** What a profile says of one GPU: scores 0..100 (null = unknown) as they were computed, confidences 0..1. */
export interface HealthVerdict {
  readonly overall: number | null;
  readonly dimensions: PerDimension<number | null>;
  readonly confidence: number;
  readonly confidences: PerDimension<number>;
  readonly grade: HealthGrade;
  readonly factors: readonly string[];
  /** Of each known dimension they add up to what it lost. */
  readonly contributions: readonly HealthContribution[];
  readonly explanation: string;
  readonly action: RecoveryAction;
}

export interface ScoredGpu {
  readonly gpu_uuid: string;
  readonly node: string;
  readonly instance: string;
}

const GRADES: readonly (readonly [least: number, grade: HealthGrade])[] = [
  [90, 'excellent'],
  [80, 'good'],
  [70, 'fair'],
  [60, 'degraded'],
  [50, 'poor'],
];

/** Scores from which on the grade is a better one, the highest first. */
export const GRADE_LIMITS: readonly number[] = GRADES.map(([least]) => least);

/** Grade of an overall score 0..100. */
export const gradeOf = (overall: number): HealthGrade => GRADES.find(([least]) => overall >= least)?.[1] ?? 'critical';

/** One value for each dimension. */
export const perDimension = <T>(value: (dimension: Dimension) => T): PerDimension<T> =>
  Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, value(dimension)])) as PerDimension<T>;

/** To the printed tenth. */
export const tenthOf = (score: number): number => Math.round(score * 10) / 10;
const tenth = (score: number | null): number | null => (score === null ? null : tenthOf(score));
const hundredth = (confidence: number): number => Math.round(confidence * 100) / 100;

/** The row of gpu_health_scores: scores to 0.1, confidences to 0.01. */
export const healthScore = (
  { gpu_uuid, node, instance }: ScoredGpu,
  ts: number,
  verdict: HealthVerdict,
  profile: HealthProfile,
): HealthScore => ({
  ts,
  gpu_uuid,
  node,
  instance,
  overall_score: tenth(verdict.overall),
  memory_health: tenth(verdict.dimensions.memory),
  thermal_health: tenth(verdict.dimensions.thermal),
  performance_health: tenth(verdict.dimensions.performance),
  power_health: tenth(verdict.dimensions.power),
  reliability_health: tenth(verdict.dimensions.reliability),
  health_grade: verdict.grade,
  degradation_factors: verdict.factors,
  confidence: hundredth(verdict.confidence),
  memory_confidence: hundredth(verdict.confidences.memory),
  thermal_confidence: hundredth(verdict.confidences.thermal),
  performance_confidence: hundredth(verdict.confidences.performance),
  power_confidence: hundredth(verdict.confidences.power),
  reliability_confidence: hundredth(verdict.confidences.reliability),
  contributions: verdict.contributions,
  explanation: verdict.explanation,
  action: verdict.action,
  profile,
});
