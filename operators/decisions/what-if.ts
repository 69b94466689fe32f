import { z } from 'zod';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { Decision } from '../../pipeline/contract/predictions.ts';
import { decisionFields } from './decision-fields.ts';
import { evaluateDecision } from './default-profile.ts';
import { lifecycleAdvice } from './lifecycle-advice.ts';
import { findPrices, type ModelPrices } from './price-book.ts';
import {
  amount,
  MODEL_FIGURES,
  type PriceBook,
  SITE_FIGURES,
  WORKLOAD_TIERS,
  type WorkloadTier,
} from './price-book-schema.ts';
import { referenceDecision } from './reference-profile.ts';
import type { Valuation } from './valuation.ts';

const ranges = { ...MODEL_FIGURES, ...SITE_FIGURES };
const RENT = { min: 0, max: 10_000 };
const DAYS_MAX = 36_500;

const pricesSchema = z
  .strictObject({
    ...(Object.fromEntries(
      Object.entries(ranges).map(([name, range]) => [name, amount(range).optional().meta({ description: range.help })]),
    ) as Record<keyof typeof ranges, z.ZodOptional<ReturnType<typeof amount>>>),
    rent_usd_per_hour: amount(RENT).optional().meta({ description: "Of the board's tier; other tiers move with it." }),
    disruption_usd: amount({ min: 0, max: 10_000_000 }).optional().meta({ description: "Of the board's tier." }),
    resale_usd: amount({ min: 0, max: 10_000_000 })
      .optional()
      .meta({ description: 'What it would bring now, before fees.' }),
  })
  .meta({ description: 'Prices in the place of those of the price book; units stand in the names.' });

const ratio = amount({ min: 0, max: 1 });

/** Body of POST /decisions/evaluate. */
export const whatIfSchema = z
  .strictObject({
    health: amount({ min: 0, max: 100 }).meta({ description: '0..100.' }),
    p30: ratio.meta({ description: 'Probability of a failure within 30 days.' }),
    utilisation: ratio.meta({ description: 'Mean of the last 7 days.' }),
    p7: ratio.optional(),
    p90: ratio.optional(),
    model: z.string().max(200).optional().meta({ description: 'As the exporter names it.' }),
    profile: z.enum(['default', 'reference']).optional(),
    tier: z.enum(WORKLOAD_TIERS).optional().meta({ description: 'What runs on it.' }),
    power_watts: amount(MODEL_FIGURES.tdp_watts).optional().meta({ description: 'Mean draw, measured.' }),
    age_days: amount({ min: 0, max: DAYS_MAX }).optional(),
    warranty_days: amount({ min: -DAYS_MAX, max: DAYS_MAX }).optional().meta({ description: 'Days of warranty left.' }),
    prices: pricesSchema.optional(),
  })
  .superRefine(({ p7, p30, p90 }, context) => {
    if (p7 !== undefined && p7 > p30)
      context.addIssue({ code: 'custom', path: ['p7'], message: 'must not be above p30' });
    if (p90 !== undefined && p90 < p30)
      context.addIssue({ code: 'custom', path: ['p90'], message: 'must not be below p30' });
  });
export type WhatIfRequest = z.output<typeof whatIfSchema>;

/** A decision about no board in particular. */
export interface WhatIfAnswer extends Omit<Decision, 'ts' | 'gpu_uuid' | 'node' | 'instance'> {
  readonly failure_cost_usd: number;
  readonly assumptions: readonly string[];
}

/**
 * What would be decided, with any price, risk or use in the place of what is known. Nothing is stored.
 *
 * `profile` counts where the request names none. The reference profile has one price for all: prices, or what it does not
 * look at, are refused with GV-API-001.
 */
export function evaluateWhatIf(
  request: WhatIfRequest,
  book: PriceBook,
  profile: Decision['profile'] = 'default',
): WhatIfAnswer {
  const { health, p30, utilisation } = request;
  const chosen = request.profile ?? profile;
  if (chosen === 'reference') refuseUnused(request);
  const valuation =
    chosen === 'reference' ? referenceDecision({ health, p30, utilisation }) : byPriceBook(request, book);
  const advice = lifecycleAdvice(
    {
      health,
      health_confidence: 1,
      action: 'none',
      p7: request.p7 ?? null,
      p30,
      prediction_confidence: 1,
      warranty_days: request.warranty_days ?? null,
    },
    valuation,
  );
  const { failure_cost_usd, assumptions } = valuation;
  return {
    ...decisionFields(valuation, advice),
    health,
    p30,
    utilisation,
    profile: chosen,
    failure_cost_usd,
    assumptions,
  };
}

const REFERENCE_LOOKS_AT: readonly string[] = [
  'health',
  'p30',
  'utilisation',
  'model',
  'profile',
  'p7',
  'p90',
  'warranty_days',
];

function refuseUnused(request: WhatIfRequest): void {
  const unused = Object.keys(request).filter((name) => !REFERENCE_LOOKS_AT.includes(name));
  if (unused.length === 0) return;
  throw new VitalsError('GV-API-001', `the reference profile does not look at ${unused.join(', ')}`, 'profile', {
    action: 'Leave them out, or ask for profile default.',
  });
}

function byPriceBook(request: WhatIfRequest, book: PriceBook): Valuation {
  const { rent_usd_per_hour, disruption_usd, resale_usd, ...figures } = request.prices ?? {};
  const listed = findPrices(book, request.model ?? '');
  const tier = request.tier ?? listed.assumed_tier;
  return evaluateDecision(
    {
      health: request.health,
      p7: request.p7 ?? null,
      p30: request.p30,
      p90: request.p90 ?? null,
      utilisation: request.utilisation,
      power_watts: request.power_watts ?? null,
      age_days: request.age_days ?? null,
      warranty_days: request.warranty_days ?? null,
      tier: request.tier ?? null,
      resale_usd: resale_usd ?? null,
    },
    {
      ...listed,
      ...(Object.fromEntries(
        Object.entries(figures).filter(([, value]) => value !== undefined),
      ) as Partial<ModelPrices>),
      rent_usd_per_hour: rentsAt(rent_usd_per_hour, tier, listed),
      disruption_usd: { ...listed.disruption_usd, ...(disruption_usd === undefined ? {} : { [tier]: disruption_usd }) },
    },
  );
}

function rentsAt(wanted: number | undefined, tier: WorkloadTier, { rent_usd_per_hour: listed }: ModelPrices) {
  if (wanted === undefined) return listed;
  if (listed[tier] === 0) return { ...listed, [tier]: wanted };
  const factor = wanted / listed[tier];
  return { training: listed.training * factor, inference: listed.inference * factor, batch: listed.batch * factor };
}
