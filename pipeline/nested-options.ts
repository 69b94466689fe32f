import { z } from 'zod';
import { BOARD_GAUGES, WATCHABLE_GAUGES } from '../operators/zscore/watched-gauges.ts';
import { targetAccessSchema } from './collect/scraper-access.ts';
import { parseTargets } from './collect/targets-dns.ts';
import { VitalsError } from './contract/errors.ts';
import type { Severity } from './contract/events.ts';
import { METRICS, type Metric, type MetricName } from './contract/metrics.ts';
import { DETECTOR_NAMES, hasNoLimit, onOffOnly } from './detectors.ts';
import { jsonOr, list } from './option-kinds.ts';

/** Options that hold more than one value: in the file as they are, as JSON outside it. */

const NAMES =
  'dns+http://name:9400/metrics is one at each address of a name, such as a headless service, looked up again every 30 s.';
/** Exporters to scrape; every bad one is told. */
export const targets = (help: string) =>
  list(`${help} ${NAMES}`).superRefine((values, context) => {
    values.forEach((value, index) => {
      try {
        parseTargets(value);
      } catch (error) {
        if (!(error instanceof VitalsError)) throw error;
        context.addIssue({ code: 'custom', path: [index], message: error.message });
      }
    });
  });

/** Without the token itself: what is configured can be shown. */
const accessRule = targetAccessSchema.omit({ bearer_token: true });
/** How exporters are reached. */
export const rules = (help: string) => z.pipe(jsonOr([]), z.array(accessRule)).default([]).describe(help);

function detectorSetting(name: string) {
  const refused = onOffOnly(name);
  const limit = (severity: Severity): z.ZodType<number | null | undefined> => {
    if (refused !== null) return z.never({ error: refused }).optional();
    if (hasNoLimit(name, severity)) return z.null({ error: 'there is no limit for this severity' }).optional();
    return z.number().nullable().optional();
  };
  return z
    .strictObject({
      enabled: z.boolean().optional(),
      info: limit('info'),
      warning: limit('warning'),
      critical: limit('critical'),
    })
    .optional();
}
const detectorSettings = z.strictObject(
  Object.fromEntries(DETECTOR_NAMES.map((name) => [name, detectorSetting(name)])),
);
/** What differs from the defaults, by detector. */
export const detectors = (help: string) => z.pipe(jsonOr({}), detectorSettings).default({}).describe(help);

const SIGMA_MIN = 1;
const SIGMA_MAX = 100;
const sigma = z.number().refine((value) => value === 0 || (value >= SIGMA_MIN && value <= SIGMA_MAX), {
  error: `must lie in ${SIGMA_MIN}..${SIGMA_MAX}, or be 0 for never`,
});
const thresholdOf = ({ name, kind }: Metric): z.ZodOptional<z.ZodType<number>> => {
  if (WATCHABLE_GAUGES.includes(name)) return sigma.optional();
  const what = kind === 'gauge' ? 'is set or moves in steps' : `is a ${kind}`;
  return z.never({ error: `it ${what}: only gauges that vary have something usual` }).optional();
};
const gaugeThresholds = z.strictObject(
  Object.fromEntries(METRICS.map((metric) => [metric.name, thresholdOf(metric)])) as {
    [name in MetricName]: z.ZodOptional<z.ZodType<number>>;
  },
  {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys'
        ? `there is no metric ${(keys as string[]).join(', ')}, gauges that can be watched are ${WATCHABLE_GAUGES.join(', ')}`
        : undefined,
  },
);
/** Sigma by gauge. */
export const thresholds = (help: string) =>
  z
    .pipe(jsonOr({}), gaugeThresholds)
    .default({})
    .describe(
      `${help} Watched by default: ${BOARD_GAUGES.join(', ')}; where named: ${WATCHABLE_GAUGES.filter((name) => !BOARD_GAUGES.includes(name)).join(', ')}.`,
    );

/** As written: what shows the configuration shows durations and shorthands as somebody wrote them. */
export const asWritten = (schema: z.ZodType, help: string) =>
  z
    .pipe(jsonOr({}), z.record(z.string(), z.unknown()))
    .superRefine((written, context) => {
      for (const { path, message } of schema.safeParse(written).error?.issues ?? []) {
        context.addIssue({ code: 'custom', path: [...path], message });
      }
    })
    .default({})
    .describe(help);
