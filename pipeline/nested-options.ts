import { z } from 'zod';
import { targetAccessSchema } from './collect/scraper-access.ts';
import { parseTarget } from './collect/targets.ts';
import { VitalsError } from './contract/errors.ts';
import { DETECTOR_NAMES } from './detectors.ts';
import { jsonOr, list } from './option-kinds.ts';

/** Options that hold more than one value: in the file as they are, as JSON outside it. */

/** Exporters to scrape; every bad one is told. */
export const targets = (help: string) =>
  list(help).superRefine((values, context) => {
    values.forEach((value, index) => {
      try {
        parseTarget(value);
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

const detectorSetting = z.strictObject({
  enabled: z.boolean().optional(),
  info: z.number().nullable().optional(),
  warning: z.number().nullable().optional(),
  critical: z.number().nullable().optional(),
});
/** What differs from the defaults, by detector. */
export const detectors = (help: string) =>
  z
    .pipe(jsonOr({}), z.partialRecord(z.enum(DETECTOR_NAMES), detectorSetting))
    .default({})
    .describe(help);

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
