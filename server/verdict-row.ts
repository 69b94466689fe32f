import { z } from 'zod';
import { DECISIONS, FAILURE_TYPES } from '../pipeline/contract/predictions.ts';
import { EPOCH_MS_MAX } from '../pipeline/contract/time.ts';
import type { VerdictChange, VerdictKind } from './verdict-now.ts';

const text = z.string().max(4_000);
const name = z.string().max(256);
const instant = z.number().int().min(1).max(EPOCH_MS_MAX);
const figure = z.number().nullable();

const healthRow = z.object({
  ts: instant,
  instance: name,
  overall_score: figure,
  memory_health: figure,
  thermal_health: figure,
  performance_health: figure,
  power_health: figure,
  reliability_health: figure,
  health_grade: z.enum(['excellent', 'good', 'fair', 'degraded', 'poor', 'critical', 'unknown']),
  confidence: z.number(),
  explanation: text,
  action: z.enum(['none', 'restart_application', 'reset_gpu', 'reboot_node', 'drain_and_reset', 'replace_gpu']),
});
const predictionRow = z.object({
  ts: instant,
  instance: name,
  failure_prob_7d: z.number(),
  failure_prob_30d: z.number(),
  failure_prob_90d: z.number(),
  predicted_failure_type: z.enum(FAILURE_TYPES),
  estimated_ttf_days: figure,
  ttf_low_days: figure,
  ttf_high_days: figure,
  confidence: z.number(),
  model_name: name,
  model_version: name,
  explanation: text,
});
const decisionRow = z.object({
  ts: instant,
  decision: z.enum(DECISIONS),
  advice: z.enum(['keep', 'watch', 'drain', 'rma', 'repurpose', 'sell', 'decommission']),
  npv_keep: z.number(),
  expected_value: z.number(),
  value_at_risk_usd_per_hour: z.number(),
  confidence: z.number(),
  rationale: text,
});
const whose = z.looseObject({ gpu_uuid: z.string().min(1).max(256), profile: z.string().optional() });

/**
 * A row of gpu_health_scores, gpu_failure_predictions or gpu_economic_decisions as far as the live side tells it; null when it
 * is none, or a score by another profile than the default one.
 */
export function verdictChange(kind: VerdictKind, row: unknown): VerdictChange | null {
  const about = whose.safeParse(row);
  if (!about.success) return null;
  const { gpu_uuid, profile } = about.data;
  switch (kind) {
    case 'health': {
      const read = healthRow.safeParse(row);
      return read.success && profile === 'default' ? { gpu_uuid, kind, row: read.data } : null;
    }
    case 'prediction': {
      const read = predictionRow.safeParse(row);
      return read.success ? { gpu_uuid, kind, row: read.data } : null;
    }
    case 'decision': {
      const read = decisionRow.safeParse(row);
      return read.success ? { gpu_uuid, kind, row: read.data } : null;
    }
  }
}
