import { z } from 'zod';

/** Workloads from the dearest to the cheapest hour. */
export const WORKLOAD_TIERS = ['training', 'inference', 'batch'] as const;
export type WorkloadTier = (typeof WORKLOAD_TIERS)[number];

/** Grades that a board can be sold as. */
export const SOLD_GRADES = ['excellent', 'good', 'fair', 'degraded', 'poor', 'critical'] as const;
export type SoldGrade = (typeof SOLD_GRADES)[number];

const SOURCE_MAX = 400;
const OWN_SOURCE = 'given without a source';
const USD_MAX = 10_000_000;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const source = z
  .string({ error: 'must be a text that says where the figure comes from' })
  .min(1, { error: 'must say where the figure comes from' })
  .max(SOURCE_MAX, { error: `must have at most ${SOURCE_MAX} characters` });

interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

export const amount = ({ min, max, whole }: Range) =>
  z
    .number({ error: `must be a number from ${min} to ${max}` })
    .min(min, { error: `must be at least ${min}` })
    .max(max, { error: `must be at most ${max}` })
    .refine((value) => whole !== true || Number.isInteger(value), { error: 'must be a whole number' });

/** `{ value, source }`; a bare number is read as a value without a source. */
const figure = (range: Range) =>
  z.preprocess(
    (given) => (isObject(given) ? { source: OWN_SOURCE, ...given } : { value: given, source: OWN_SOURCE }),
    z.strictObject({ value: amount(range), source }),
  );

const RANGES = {
  usd: { min: 0, max: USD_MAX },
  ratio: { min: 0, max: 1 },
  days: { min: 0, max: 3_650 },
  watts: { min: 0, max: 100_000 },
} as const;

/** A figure of the price book: what it may be, and what it is. */
interface FigureSpec extends Range {
  readonly help: string;
}

/** What holds for all models. */
export const SITE_FIGURES = {
  horizon_months: { min: 1, max: 60, whole: true, help: 'How far ahead keeping and repurposing are counted.' },
  discount_rate_per_year: { min: 0, max: 1, help: 'What a dollar in a year is worth less than one now.' },
  energy_usd_per_kwh: { min: 0, max: 10, help: 'Price of energy.' },
  pue: { min: 1, max: 5, help: 'Energy of the site over energy of its boards.' },
  overhead_usd_per_month: { ...RANGES.usd, help: 'Rack, network and hands for one board.' },
  availability_ratio: { ...RANGES.ratio, help: 'Share of the time in which a working board can be let.' },
  resale_fee_ratio: { ...RANGES.ratio, help: 'Share of a sale that is not received.' },
  salvage_ratio: { ...RANGES.ratio, help: 'What scrap brings, as a share of the residual.' },
  repurpose_usd: { ...RANGES.usd, help: 'Cost of moving a board to a cheaper tier.' },
  repurpose_utilisation_ratio: { ...RANGES.ratio, help: 'Usual utilisation there.' },
  repurpose_hazard_ratio: { ...RANGES.ratio, help: 'Hazard there, over the one where it is.' },
  repurpose_penalty_ratio: { ...RANGES.ratio, help: 'How much of the rent that bad health loses is lost there too.' },
  replacement_lead_days: {
    ...RANGES.days,
    help: 'From a failure without warranty and without spare to a working board.',
  },
  rma_lead_days: { ...RANGES.days, help: 'The same under warranty.' },
  rma_handling_usd: { ...RANGES.usd, help: 'What a return under warranty costs all the same.' },
  spare_coverage_ratio: { ...RANGES.ratio, help: 'Share of failures for which a spare is at hand.' },
  spare_swap_days: { ...RANGES.days, help: 'Time to put it in.' },
  assumed_health: { min: 0, max: 100, help: 'Health where nobody knows it.' },
  assumed_utilisation_ratio: { ...RANGES.ratio, help: 'Utilisation where nothing is measured.' },
  assumed_age_days: { ...RANGES.days, help: 'Age where no date is known.' },
} as const satisfies Record<string, FigureSpec>;
export type SiteFigure = keyof typeof SITE_FIGURES;

/** What each model has of its own, besides its rents. */
export const MODEL_FIGURES = {
  purchase_usd: { ...RANGES.usd, help: 'What a new board costs today: residuals are shares of it.' },
  tdp_watts: { ...RANGES.watts, help: 'Draw under full load.' },
  idle_watts: { ...RANGES.watts, help: 'Draw of an idle board.' },
  repair_usd: { ...RANGES.usd, help: 'Mean cost of a failure outside warranty, repair or exchange.' },
  failures_per_year: { min: 0, max: 100, help: 'Usual rate: of restored boards, and where nothing is foreseen.' },
} as const satisfies Record<string, FigureSpec>;
export type ModelFigure = keyof typeof MODEL_FIGURES;

const figures = <K extends string>(ranges: Readonly<Record<K, Range>>) =>
  Object.fromEntries(Object.entries<Range>(ranges).map(([name, range]) => [name, figure(range)])) as Record<
    K,
    ReturnType<typeof figure>
  >;

const POINTS_MAX = 50;

/** Points [x, y] with rising x; `direction` says how y may go. */
const curve = (x: Range, direction: 'falls' | 'rises') =>
  z.strictObject({
    source,
    points: z
      .array(z.tuple([amount(x), amount(RANGES.ratio)], { error: 'must be a pair of numbers' }), {
        error: 'must be a list of pairs',
      })
      .min(1, { error: 'must have a pair' })
      .max(POINTS_MAX, { error: `must have at most ${POINTS_MAX} pairs` })
      .superRefine((points, context) => {
        for (let i = 1; i < points.length; i++) {
          const [before, here] = [points[i - 1], points[i]];
          if (before === undefined || here === undefined) continue;
          if (here[0] <= before[0]) {
            context.addIssue({ code: 'custom', path: [i], message: `must lie beyond ${before[0]}, the pair before` });
          }
          if (direction === 'falls' ? here[1] > before[1] : here[1] < before[1]) {
            context.addIssue({
              code: 'custom',
              path: [i],
              message: `must not be ${direction === 'falls' ? 'above' : 'below'} ${before[1]}, the pair before`,
            });
          }
        }
      }),
  });

const perTier = <T extends z.ZodType>(schema: T) =>
  z.strictObject({ training: schema, inference: schema, batch: schema });

const modelSchema = z
  .strictObject({
    match: z
      .array(z.string({ error: 'must be words of a model name, such as "a100 80gb"' }).min(1).max(80), {
        error: 'must be a list of texts, such as ["a100 80gb"]; empty for the entry of unknown models',
      })
      .max(20),
    assumed_tier: z.enum(WORKLOAD_TIERS, { error: `must be one of ${WORKLOAD_TIERS.join(', ')}` }),
    rent_usd_per_hour: perTier(figure({ min: 0, max: 10_000 })),
    ...figures(MODEL_FIGURES),
  })
  .superRefine(({ idle_watts, tdp_watts }, context) => {
    if (idle_watts.value > tdp_watts.value) {
      context.addIssue({
        code: 'custom',
        path: ['idle_watts'],
        message: `must not be above tdp_watts, ${tdp_watts.value}`,
      });
    }
  });

/** Name of the entry for models that no other entry matches. */
export const UNKNOWN_MODEL = 'unknown';

const MODEL_NAME = /^[a-z][a-z0-9_]{0,39}$/;
const MODELS_MAX = 200;

export const priceBookSchema = z.strictObject({
  /** When the figures were put together. */
  as_of: z.string({ error: 'must be a date such as "2026-11-21"' }).regex(/^\d{4}-\d{2}-\d{2}$/, {
    error: 'must be a date such as "2026-11-21"',
  }),
  site: z.strictObject(figures(SITE_FIGURES)),
  /** What a failure disrupts, by what runs on the board. */
  disruption_usd: perTier(figure(RANGES.usd)),
  residual_by_age_months: curve({ min: 0, max: 600 }, 'falls'),
  residual_by_grade: z
    .strictObject(
      figures(Object.fromEntries(SOLD_GRADES.map((grade) => [grade, RANGES.ratio])) as Record<SoldGrade, Range>),
    )
    .superRefine((grades, context) => {
      SOLD_GRADES.forEach((grade, i) => {
        const better = SOLD_GRADES[i - 1];
        if (better === undefined || grades[grade].value <= grades[better].value) return;
        context.addIssue({
          code: 'custom',
          path: [grade],
          message: `must not be above ${better}, ${grades[better].value}`,
        });
      });
    }),
  performance_by_health: curve({ min: 0, max: 100 }, 'rises'),
  models: z
    .record(z.string().regex(MODEL_NAME, { error: 'names are lower case letters, digits and _' }), modelSchema, {
      error: 'must hold entries by name',
    })
    .superRefine((models, context) => {
      if (Object.keys(models).length > MODELS_MAX) {
        context.addIssue({ code: 'custom', message: `must have at most ${MODELS_MAX} entries` });
      }
      if (!Object.hasOwn(models, UNKNOWN_MODEL)) {
        context.addIssue({
          code: 'custom',
          path: [UNKNOWN_MODEL],
          message: 'must be there, for models without an entry',
        });
      }
      for (const [name, { match }] of Object.entries(models)) {
        if (name === UNKNOWN_MODEL || match.length > 0) continue;
        context.addIssue({
          code: 'custom',
          path: [name, 'match'],
          message: 'must have a text, or nothing is ever priced by it',
        });
      }
    }),
});

/** Every figure with where it comes from. */
export type PriceBook = z.output<typeof priceBookSchema>;
