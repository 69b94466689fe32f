import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { FEATURES, findFeature } from '../../pipeline/contract/features.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { definePost } from '../define-post.ts';
import { driftMetrics } from '../drift-metrics.ts';
import { instantText, nullableInstantText } from '../instant.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, SPAN_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import type { KnownModel } from '../model-desk.ts';
import { driftReports } from '../model-drift.ts';
import { pageOf } from '../page-of.ts';
import { listSchema } from '../schemas.ts';
import {
  aliasMoveSchema,
  driftFacts,
  featureDriftSchema,
  type ModelAnswer,
  modelDetailSchema,
  modelSchema,
} from '../schemas-models.ts';
import { byOf } from '../security/caller.ts';
import { serialiser } from '../serialiser.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const COLUMNS = Object.keys(modelSchema.shape);
const TEXTS = ['version', 'name', 'trained_on', 'sha256'] as const;
const DRIFT_COLUMNS = Object.keys(featureDriftSchema.shape);
const WHY_CHARACTERS_MAX = 1_000;
/** Until there are keys, nobody knows who asks. */
const BY = 'REST API';

const version = z
  .string()
  .min(1)
  .max(64)
  .openapi({ description: 'A version of the list, or an alias that points to one.' });
const change = {
  alias: z.string().min(1).max(63).default('champion').openapi({ description: 'Which alias.' }),
  why: z.string().max(WHY_CHARACTERS_MAX).default('').openapi({ description: 'For the history.' }),
};

/** `GET /models` and `/models/{version}`, how features have drifted, and moving the aliases. */
export function modelRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const { models } = parts;
  const text = serialiser(modelSchema);
  const detailText = serialiser(modelDetailSchema);
  const driftText = serialiser(featureDriftSchema);

  defineGet(
    app,
    {
      path: '/api/v1/models',
      tag: 'models',
      summary: 'Every failure model: versions of the registry, the one of this release, the heuristic; newest first.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        from: SPAN_PARAMETERS.from.openapi({ description: 'Made at or after. Epoch ms or ISO 8601.' }),
        to: SPAN_PARAMETERS.to.openapi({ description: 'Made before. Epoch ms or ISO 8601.' }),
        sort: sortParameter(['created_at', 'version'], '-created_at'),
        alias: textParameter('Only those that this alias points to.'),
        version: textParameter('A number of the registry, shipped-N, or heuristic.'),
        name: textParameter('Name of the model.'),
        trained_on: textParameter('simulated, real, mixed, unknown or nothing.'),
        sha256: textParameter('Of its file.'),
      }),
      answer: listSchema(modelSchema),
      csv: true,
      failures: [503],
    },
    async (c, { query }) => {
      const sort = query.sort ?? '-created_at';
      const name = sort.replace('-', '') as 'created_at' | 'version';
      const page = pageOf({
        items: (await models.list()).filter(
          (model) =>
            (query.alias === undefined || model.aliases.includes(query.alias)) &&
            TEXTS.every((field) => query[field] === undefined || model[field] === query[field]) &&
            // What was never trained was not made at any time.
            (query.from === undefined || (model.created_at ?? Number.NEGATIVE_INFINITY) >= query.from) &&
            (query.to === undefined || (model.created_at ?? Number.POSITIVE_INFINITY) < query.to),
        ),
        sort: { name, descending: sort.startsWith('-'), key: (model) => model[name] },
        identity: (model) => model.version,
        limit: query.limit,
        cursor: query.cursor,
      });
      const texts = page.items.map((model) => text(answerOf(model)));
      return listAnswer(c, { columns: COLUMNS, next: page.next, total: page.total, texts });
    },
  );

  const drift = driftReports(parts);
  parts.metrics.add(...driftMetrics(drift));
  defineGet(
    app,
    {
      path: '/api/v1/models/drift',
      tag: 'models',
      summary:
        'How far the features of the model that judges have moved from its training, furthest first; at most five minutes old.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        sort: sortParameter(['index', 'ks', 'importance', 'missing_ratio', 'feature'], '-index'),
        alarm: z
          .enum(['true', 'false'])
          .optional()
          .openapi({ description: 'Only those above, or not above, the limit.' }),
        moved: z
          .enum(['true', 'false'])
          .optional()
          .openapi({ description: 'Only those that have, or have not, moved beyond doubt.' }),
      }),
      answer: listSchema(featureDriftSchema).extend(driftFacts),
      csv: true,
      failures: [503],
    },
    async (c, { query }) => {
      const { model, at, gpus, features, moved, moved_ratio } = await drift.report();
      const sort = query.sort ?? '-index';
      const name = sort.replace('-', '') as 'index' | 'ks' | 'importance' | 'missing_ratio' | 'feature';
      const is = (wanted: string | undefined, has: boolean): boolean => wanted === undefined || String(has) === wanted;
      const page = pageOf({
        items: features
          .map((one) => ({ ...one, moved: moved.includes(one.feature) }))
          .filter((one) => is(query.alarm, one.alarm) && is(query.moved, one.moved)),
        sort: { name, descending: sort.startsWith('-'), key: (one) => one[name] },
        identity: ({ feature }) => feature,
        limit: query.limit,
        cursor: query.cursor,
      });
      return listAnswer(c, {
        columns: DRIFT_COLUMNS,
        next: page.next,
        total: page.total,
        texts: page.items.map((one) => driftText({ ...one, unit: FEATURES[findFeature(one.feature)]?.unit ?? '' })),
        more: {
          model_name: model?.name ?? 'heuristic',
          model_version: model?.version ?? '',
          trained_on: model?.trained_on ?? 'nothing',
          at: nullableInstantText(at),
          gpus,
          alarms: features.filter(({ alarm }) => alarm).length,
          moved_ratio,
        },
      });
    },
  );

  defineGet(
    app,
    {
      path: '/api/v1/models/{version}',
      tag: 'models',
      summary: 'One failure model with its card and what happened to its aliases.',
      params: z.strictObject({ version }),
      query: NO_PARAMETERS,
      answer: modelDetailSchema,
      failures: [404, 503],
    },
    async (c, { params }) => {
      const list = await models.list();
      const model =
        list.find((one) => one.version === params.version) ??
        list.find(({ aliases }) => aliases.includes(params.version));
      if (model === undefined) {
        throw new VitalsError('GV-MDL-101', `There is no model ${params.version}`, 'version', {
          action: 'See GET /api/v1/models.',
        });
      }
      const history = (await models.history()).filter(({ from, to }) =>
        [from, to].some((one) => one !== null && String(one) === model.version),
      );
      const detail = {
        ...answerOf(model),
        card: model.card,
        history: history.toReversed().map(({ at, from, to, ...entry }) => ({
          ...entry,
          at: instantText(at),
          from: from === null ? null : String(from),
          to: to === null ? null : String(to),
        })),
      };
      return c.body(detailText(detail), 200, JSON_TYPE);
    },
  );

  definePost(
    app,
    {
      path: '/api/v1/models/{version}/promote',
      tag: 'models',
      summary:
        'Points an alias to a version; it judges within seconds. Of what judges without a promotion: takes the champion away.',
      params: z.strictObject({ version }),
      body: z.strictObject(change).openapi('PromoteRequest'),
      body_optional: true,
      answer: aliasMoveSchema,
      failures: [404, 503],
    },
    async (c, asked, _query, params) =>
      c.json(await models.promote(params.version, { ...asked, by: byOf(c, BY) }), 200),
  );

  definePost(
    app,
    {
      path: '/api/v1/models/rollback',
      tag: 'models',
      summary: 'Points an alias to the version that it had before; again: one further back.',
      body: z.strictObject(change).openapi('RollbackRequest'),
      body_optional: true,
      answer: aliasMoveSchema,
      failures: [409, 503],
    },
    async (c, asked) => c.json(await models.rollback({ ...asked, by: byOf(c, BY) }), 200),
  );
}

function answerOf({ card: _card, aliases, ...model }: KnownModel): ModelAnswer {
  const { data_from, data_to, ...lineage } = model.lineage;
  return {
    ...model,
    aliases: [...aliases],
    created_at: nullableInstantText(model.created_at),
    lineage: { ...lineage, data_from: nullableInstantText(data_from), data_to: nullableInstantText(data_to) },
  };
}
