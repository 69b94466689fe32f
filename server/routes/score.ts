import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { METRICS } from '../../pipeline/contract/metrics.ts';
import { GPU_ASSETS } from '../../pipeline/contract/tables.ts';
import { type DurationMs, milliseconds, parseDuration, parseInstant } from '../../pipeline/contract/time.ts';
import { GPU_HEALTH_SCORES } from '../../pipeline/contract/verdict-tables.ts';
import type { ApiParts } from '../api-parts.ts';
import { definePost } from '../define-post.ts';
import { leftOut } from '../field-errors.ts';
import { BadRequest, FIELD_ERRORS_MAX } from '../problem.ts';
import { serialiser } from '../serialiser.ts';
import { tableRowAnswer, tableRowSchema } from '../table-schema.ts';

/** A week of samples at 10 s with every metric is about 90 MB. */
const BODY_BYTES_MAX = 128 * 2 ** 20;
/** A month at 10 s. */
const SAMPLES_MAX = 300_000;
const UUID_CHARACTERS_MAX = 256;
/** Of a fact about the asset: notes are the longest. */
const TEXT_CHARACTERS_MAX = 4_000;

const profile = z
  .enum(['default', 'reference'])
  .optional()
  .openapi({ description: 'That of this installation when absent.' });

/** What identity is, the reader of JSONL says, as it does for a replay. */
const sample = z
  .looseObject({ ts: z.union([z.number(), z.string()]).openapi({ description: 'Epoch ms or ISO 8601.' }) })
  .openapi({
    description: `A row as in JSONL: ts, gpu_uuid, node and instance where they are known, and canonical metrics, numbers or null: ${METRICS.map(({ name }) => name).join(', ')}; and xids.`,
  });

/** Whether what stands in the place of a sample may be one. */
function maybeSample(told: unknown): boolean {
  if (typeof told !== 'object' || told === null) return false;
  const { ts } = told as { readonly ts?: unknown };
  return Number.isFinite(ts) || typeof ts === 'string';
}

/** Where many are none, those that are told: the library would note every one of them, at a hundred times its size. */
const sampleList = z.preprocess((told, context) => {
  if (!Array.isArray(told)) return told;
  if (told.length > SAMPLES_MAX) {
    context.addIssue({ code: 'too_big', origin: 'array', maximum: SAMPLES_MAX, inclusive: true, input: told });
    return told;
  }
  let faults = 0;
  for (const [i, one] of told.entries()) {
    if (maybeSample(one) || ++faults > FIELD_ERRORS_MAX) continue;
    const { error } = sample.safeParse(one);
    for (const issue of error?.issues ?? []) context.addIssue({ ...issue, path: [i, ...issue.path] });
  }
  if (faults > FIELD_ERRORS_MAX) context.addIssue({ ...leftOut(faults - FIELD_ERRORS_MAX) });
  return told;
}, z.array(sample).min(1).max(SAMPLES_MAX));

/** `30s` or a number of seconds. */
const interval = z
  .union([z.string(), z.number().positive()])
  .transform((value, context): DurationMs => {
    const parsed = typeof value === 'number' ? milliseconds(value * 1_000) : parseDuration(value);
    if (parsed === null || parsed <= 0) context.addIssue('Must be a duration such as 10s or 5m, or seconds');
    return parsed ?? milliseconds(0);
  })
  .openapi({ type: 'string', description: 'Time between samples: `10s`, `5m`, or seconds.' });

const instant = z
  .union([z.number(), z.string()])
  .transform(parseInstant)
  .refine((ms) => !Number.isNaN(ms), 'Must be epoch milliseconds or ISO 8601')
  .openapi({ type: 'string' });

/** As `GET /assets/{gpu_uuid}` answers it, in whole or in part. */
const assetFacts = z.strictObject(
  Object.fromEntries(
    GPU_ASSETS.columns.map(({ name, type }) => [
      name,
      type === 'TIMESTAMP'
        ? instant.nullable().optional()
        : type === 'DOUBLE'
          ? z.number().nullable().optional()
          : z.string().max(TEXT_CHARACTERS_MAX).optional(),
    ]),
  ),
);

const body = z
  .union([
    z.strictObject({ gpu_uuid: z.string().min(1).max(UUID_CHARACTERS_MAX), profile }),
    z.strictObject({
      samples: sampleList,
      asset: assetFacts.optional(),
      profile,
      interval: interval.optional(),
    }),
  ])
  .openapi('ScoreRequest');

const answerOf = tableRowAnswer(GPU_HEALTH_SCORES);
/** As the reader takes it: a number is a name, and whatever else is none. */
const named = (told: unknown): string => (typeof told === 'string' || typeof told === 'number' ? String(told) : '');

/** `POST /health/score`: of a GPU as it is now, or of samples in the body; nothing is stored. */
export function scoreRoute(app: OpenAPIHono, parts: ApiParts): void {
  const schema = tableRowSchema(GPU_HEALTH_SCORES);
  const text = serialiser(schema);
  definePost(
    app,
    {
      path: '/api/v1/health/score',
      computes: true,
      body_bytes_max: BODY_BYTES_MAX,
      tag: 'health-scores',
      summary: 'Health on demand: of a GPU as it is now, or of samples in the body.',
      body,
      answer: schema,
      failures: [404, 503],
    },
    async (c, { profile: by = parts.profile, ...asked }) => {
      if ('gpu_uuid' in asked) {
        const { newest_ts } = parts.view;
        const now = Number.isNaN(newest_ts) ? Number.NEGATIVE_INFINITY : newest_ts;
        const score = await parts.scorer.stored({ gpu_uuid: asked.gpu_uuid, profile: by, now });
        if (score === null) throw new VitalsError('GV-API-002', `No GPU ${asked.gpu_uuid} is known`, 'gpu_uuid');
        return c.body(text(answerOf({ ...score })), 200, { 'Content-Type': 'application/json' });
      }
      const { samples, asset } = asked;
      const boards = new Set(samples.map(({ gpu_uuid, instance }) => `${named(gpu_uuid)} ${named(instance)}`));
      if (boards.size > 1) throw new BadRequest([{ field: 'samples', detail: 'Must be of one GPU' }]);
      const { ts: _, gpu_uuid: owner, ...facts } = asset ?? {};
      const board = named(samples[0]?.gpu_uuid);
      if (owner !== undefined && board !== '' && owner !== board) {
        throw new BadRequest([
          {
            field: 'asset.gpu_uuid',
            detail: `Must be ${board.slice(0, UUID_CHARACTERS_MAX)}, as in the samples, or left out`,
          },
        ]);
      }
      const { score, refused } = await parts.scorer.samples({
        samples,
        profile: by,
        ...(asset === undefined ? {} : { asset: facts }),
        ...(asked.interval === undefined ? {} : { interval: asked.interval }),
      });
      if (score === null) {
        const why = refused[0]?.detail ?? 'none has a usable time and a known metric';
        throw new BadRequest([{ field: 'samples', detail: `No sample could be used: ${why}` }]);
      }
      return c.body(text(answerOf({ ...score })), 200, { 'Content-Type': 'application/json' });
    },
  );
}
