import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { FEATURES, findFeature } from '../../pipeline/contract/features.ts';
import { GPU_FAILURE_PREDICTIONS } from '../../pipeline/contract/prediction-tables.ts';
import type { ApiParts } from '../api-parts.ts';
import { definePost } from '../define-post.ts';
import { leftOut } from '../field-errors.ts';
import { FIELD_ERRORS_MAX } from '../problem.ts';
import { serialiser } from '../serialiser.ts';
import { tableRowAnswer, tableRowSchema } from '../table-schema.ts';

const features = z
  .record(z.string(), z.number().nullable())
  .superRefine((given, context) => {
    const strange = Object.keys(given).filter((name) => findFeature(name) < 0);
    for (const name of strange.slice(0, FIELD_ERRORS_MAX)) {
      context.addIssue({ code: 'custom', path: [name], message: 'There is no such feature; see feature-definitions' });
    }
    if (strange.length > FIELD_ERRORS_MAX) context.addIssue({ ...leftOut(strange.length - FIELD_ERRORS_MAX) });
  })
  .openapi({
    type: 'object',
    additionalProperties: { type: ['number', 'null'] },
    description: `Features by name, what is left out is unknown: ${FEATURES.slice(0, 27)
      .map(({ name }) => name)
      .join(', ')} and all others of feature-definitions.`,
  });

const body = z
  .union([
    z.strictObject({ gpu_uuid: z.string().min(1).max(256) }),
    z.strictObject({ features, model: z.string().max(256).optional() }),
  ])
  .openapi('PredictRequest');

const answerOf = tableRowAnswer(GPU_FAILURE_PREDICTIONS);

/** `POST /predict/failure`: of a GPU as it is now, or of features in the body; nothing is stored. */
export function predictRoute(app: OpenAPIHono, parts: ApiParts): void {
  const schema = tableRowSchema(GPU_FAILURE_PREDICTIONS);
  const text = serialiser(schema);
  definePost(
    app,
    {
      path: '/api/v1/predict/failure',
      computes: true,
      tag: 'predictions',
      summary: 'Failure prediction on demand: of a GPU as it is now, or of features in the body.',
      body,
      answer: schema,
      failures: [404, 503],
    },
    async (c, asked) => {
      const prediction =
        'gpu_uuid' in asked
          ? await parts.predictor.stored(asked.gpu_uuid, await parts.verdicts.of('prediction', asked.gpu_uuid))
          : parts.predictor.features(asked.features, asked.model ?? '');
      if (prediction === null) {
        const gpu = 'gpu_uuid' in asked ? asked.gpu_uuid : '';
        throw new VitalsError('GV-API-002', `No features of GPU ${gpu} are known yet`, 'gpu_uuid');
      }
      return c.body(text(answerOf({ ...prediction })), 200, { 'Content-Type': 'application/json' });
    },
  );
}
