import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { HORIZONS_DAYS, type HorizonDays } from '../../pipeline/contract/predictions.ts';
import type { Figures } from '../../pipeline/honesty/figures.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { instantText } from '../instant.ts';
import { instantSchema } from '../instant-schema.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, SPAN_PARAMETERS, textParameter } from '../list-query.ts';
import type { MetricSource } from '../metrics-registry.ts';
import {
  ALARM_COSTS_DEFAULT,
  type ModelPerformance,
  type PerformanceReports,
  performanceReports,
} from '../model-performance.ts';
import { pageOf } from '../page-of.ts';
import { BadRequest } from '../problem.ts';
import { listSchema } from '../schemas.ts';
import { serialiser } from '../serialiser.ts';

const ratio = z.number().nullable();
const described = (description: string) => ratio.openapi({ description });

const source = z.enum(['given', 'learned', 'prior']).openapi({
  description:
    'given with the request; learned as the cheapest by what was known then; prior: false alarm / (false alarm + missed failure), while fewer than 10 failures were known.',
});

const figures = {
  predictions: z.int().openapi({ description: 'One a board and UTC day: the last.' }),
  settled: z.int().openapi({ description: 'Whose horizon has passed, or whose board failed within it.' }),
  effective: described('As many equally weighing predictions would tell as much; null before a horizon has passed.'),
  gpus: z.int(),
  failures: z.int().openapi({ description: 'Confirmed failures that followed a prediction within the horizon.' }),
  failures_in_time: z.int().openapi({ description: 'Those of them with an alarm before.' }),
  failure_share: described('Share of predictions that a failure followed within the horizon.'),
  threshold: z.number().openapi({ description: 'A probability of at least so much is an alarm.' }),
  threshold_source: source,
  precision: described('Share of alarms that a failure followed within the horizon.'),
  recall: described('Share of predictions before a failure that were alarms.'),
  lead_time_days: z
    .object({ low: z.number(), median: z.number(), high: z.number() })
    .nullable()
    .openapi({ description: 'Quartiles of the days from the first alarm within the horizon to the failure.' }),
  brier: z
    .object({
      score: z.number(),
      reliability: z.number(),
      resolution: z.number(),
      uncertainty: z.number(),
      within_bins: z.number(),
    })
    .nullable()
    .openapi({ description: 'score = reliability - resolution + uncertainty + within_bins.' }),
  calibration_error: described('Expected calibration error over the bins of the calibration table.'),
  auc: described('Area under the ROC curve.'),
  average_precision: ratio,
};

const performanceSchema = z
  .object({
    model_name: z.string(),
    model_version: z.string(),
    horizon_days: z.int(),
    from: instantSchema,
    to: instantSchema,
    ...figures,
    calibration: z
      .array(
        z.object({
          from: z.number(),
          to: z.number(),
          predictions: z.int(),
          gpus: z.int(),
          mean_predicted: z.number(),
          observed: z.number(),
          low: z.number(),
          high: z.number(),
        }),
      )
      .openapi({ description: 'Predicted against observed; low and high: 95 % interval that counts boards as cases.' }),
    months: z
      .array(z.object({ month: z.string().openapi({ example: '2026-01' }), ...figures }))
      .openapi({ description: 'By UTC month of the prediction, each by the threshold of its beginning.' }),
    alarms: z
      .array(
        z.object({
          at: instantSchema,
          what: z.enum(['prediction', 'loss']),
          figure: z.number(),
          limit: z.number(),
          explanation: z.string(),
        }),
      )
      .openapi({ description: 'Drift of what is predicted, and of how wrong it is.' }),
  })
  .openapi('ModelPerformance');
const COLUMNS = Object.keys(performanceSchema.shape);
const text = serialiser(performanceSchema);

const dollars = (preset: number, description: string) =>
  z
    .string()
    .regex(/^\d{1,12}(\.\d{1,6})?$/, 'Must be a sum in US dollars')
    .transform(Number)
    .pipe(z.number().positive('Must be more than 0'))
    .default(preset)
    .openapi({ type: 'number', default: preset, description });

/** `GET /models/performance`, and its main figures for Prometheus. */
export function modelPerformanceRoute(app: OpenAPIHono, parts: ApiParts): void {
  const reports = performanceReports(parts);
  parts.metrics.add(...performanceMetrics(reports));
  defineGet(
    app,
    {
      path: '/api/v1/models/performance',
      tag: 'models',
      summary: 'How good the predictions that were really made have been, by model version and horizon.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        ...SPAN_PARAMETERS,
        sort: z.literal('-to').optional().openapi({ description: 'Model versions in use first.' }),
        horizon: z
          .enum(HORIZONS_DAYS.map(String), { error: `Must be ${HORIZONS_DAYS.join(', ')}` })
          .optional()
          .openapi({ description: 'Days; all when absent.' }),
        model_name: textParameter('Name of the model.'),
        model_version: textParameter('Version of the model.'),
        threshold: z
          .string()
          .regex(/^(0?\.\d{1,12}|0|1(\.0*)?)$/, 'Must be a probability')
          .transform(Number)
          .optional()
          .openapi({
            type: 'number',
            description: 'An alarm is a probability of at least so much; by cost when absent.',
          }),
        cost_false_alarm_usd: dollars(
          ALARM_COSTS_DEFAULT.false_alarm_usd,
          'What an alarm costs that no failure follows: a look at the board, and half a day without it.',
        ),
        cost_missed_failure_usd: dollars(
          ALARM_COSTS_DEFAULT.missed_failure_usd,
          'What a failure costs that nobody was warned of: the work lost with it, and the hurry.',
        ),
      }),
      answer: listSchema(performanceSchema),
      csv: true,
      failures: [503],
    },
    async (c, { query }) => {
      const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = query;
      if (from >= to) throw new BadRequest([{ field: 'from', detail: 'Must be before to' }]);
      const found = await reports.report({
        horizons: query.horizon === undefined ? HORIZONS_DAYS : [Number(query.horizon) as HorizonDays],
        costs: {
          false_alarm_usd: query.cost_false_alarm_usd,
          missed_failure_usd: query.cost_missed_failure_usd,
        },
        threshold: query.threshold ?? null,
        from,
        to,
      });
      const page = pageOf({
        items: found.filter(
          ({ model }) =>
            (query.model_name === undefined || model.name === query.model_name) &&
            (query.model_version === undefined || model.version === query.model_version),
        ),
        sort: { name: 'to', descending: true, key: (item) => item.to },
        identity: ({ model, horizon_days }) => `${JSON.stringify(model)} ${String(horizon_days).padStart(3, '0')}`,
        limit: query.limit,
        cursor: query.cursor,
      });
      const texts = page.items.map((item) => text(answerOf(item)));
      return listAnswer(c, { columns: COLUMNS, next: page.next, total: page.total, texts });
    },
  );
}

function figuresAnswer(given: Figures, threshold: { threshold: number; source: z.infer<typeof source> }) {
  const { calibration, ...rest } = given;
  return {
    ...rest,
    threshold: threshold.threshold,
    threshold_source: threshold.source,
    brier: calibration?.brier ?? null,
    calibration_error: calibration?.error ?? null,
  };
}

const answerOf = (item: ModelPerformance): z.infer<typeof performanceSchema> => ({
  model_name: item.model.name,
  model_version: item.model.version,
  horizon_days: item.horizon_days,
  ...figuresAnswer(item, item.threshold),
  from: instantText(item.from),
  to: instantText(item.to),
  calibration: [...(item.calibration?.bins ?? [])],
  months: item.months.map((month) => ({ month: month.month, ...figuresAnswer(month, month) })),
  alarms: item.alarms.map((alarm) => ({ ...alarm, at: instantText(alarm.at) })),
});

const METRICS: readonly (readonly [name: string, help: string, figure: (item: ModelPerformance) => number | null])[] = [
  [
    'prediction_brier_score',
    'Brier score of the predictions made.',
    ({ calibration }) => calibration?.brier.score ?? null,
  ],
  ['prediction_precision', 'Share of alarms that a failure followed.', ({ precision }) => precision],
  ['prediction_recall', 'Share of predictions before a failure that were alarms.', ({ recall }) => recall],
  [
    'prediction_lead_time_days',
    'Median days from the first alarm within the horizon to the failure.',
    ({ lead_time_days }) => lead_time_days?.median ?? null,
  ],
  ['prediction_calibration_error', 'Expected calibration error.', ({ calibration }) => calibration?.error ?? null],
  ['prediction_drift_alarms', 'Drift alarms of what is predicted and of its errors.', ({ alarms }) => alarms.length],
];

/** The same for Prometheus. */
export const performanceMetrics = (reports: Pick<PerformanceReports, 'known'>): readonly MetricSource[] =>
  METRICS.map(([name, help, figure]) => ({
    name,
    help: `${help} By model, version and horizon in days; absent while unknown.`,
    labels: ['model', 'version', 'horizon'],
    series: () =>
      reports.known().flatMap((item) => {
        const value = figure(item);
        const { name: model, version } = item.model;
        return value === null ? [] : [{ labels: { model, version, horizon: String(item.horizon_days) }, value }];
      }),
  }));
