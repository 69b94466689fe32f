import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { GPU_FAILURE_LABELS } from '../../pipeline/contract/prediction-tables.ts';
import { FAILURE_TYPES, type FailureLabel } from '../../pipeline/contract/predictions.ts';
import { parseInstant } from '../../pipeline/contract/time.ts';
import { type LabelProblem, labelsOf, parseLabelsCsv } from '../../pipeline/labels/label-csv.ts';
import {
  failedAtProblem,
  LABEL_SOURCE_CHARACTERS_MAX,
  LABEL_STATES,
  labelRow,
  NOTE_CHARACTERS_MAX,
} from '../../pipeline/labels/label-facts.ts';
import { readSuggestions } from '../../pipeline/labels/read-suggestions.ts';
import type { LabelSuggestion } from '../../pipeline/labels/suggest-labels.ts';
import { writeLabels } from '../../sinks/questdb/write-labels.ts';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { definePost } from '../define-post.ts';
import { eventNow } from '../event-now.ts';
import { instantText } from '../instant.ts';
import { instantSchema } from '../instant-schema.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, SPAN_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import { BadRequest } from '../problem.ts';
import { listSchema } from '../schemas.ts';
import { serialiser } from '../serialiser.ts';
import { tableRowAnswer, tableRowSchema } from '../table-schema.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const answerOf = tableRowAnswer(GPU_FAILURE_LABELS);

const body = z
  .strictObject({
    gpu_uuid: z.string().min(1).max(256),
    failed_at: z
      .union([z.number(), z.string()])
      .transform(parseInstant)
      .refine((ms) => !Number.isNaN(ms), 'Must be epoch milliseconds or ISO 8601')
      .openapi({
        type: ['string', 'integer'],
        description: 'Epoch ms or ISO 8601; with gpu_uuid the key: told again it changes.',
      }),
    type: z.enum(FAILURE_TYPES),
    note: z.string().max(NOTE_CHARACTERS_MAX).default(''),
    source: z
      .string()
      .min(1)
      .max(LABEL_SOURCE_CHARACTERS_MAX)
      .default('hand')
      .openapi({ description: 'Who tells of it: hand, csv, rma, episode, or a word of yours.' }),
    status: z.enum(LABEL_STATES).default('confirmed'),
    ts: z
      .union([z.string().max(64), z.number()])
      .optional()
      .openapi({ type: ['string', 'integer'], description: 'Of a row that was read; failed_at counts.' }),
    node: z.string().max(256).optional().openapi({ description: 'Of a row that was read; it is looked up.' }),
  })
  .openapi('FailureLabelRequest');

const query = z.strictObject({
  partial: z
    .enum(['true', 'false'])
    .optional()
    .openapi({ description: 'Of CSV: stores the good rows when others are bad. Default false: all or none.' }),
});

const problem = z.object({ line: z.int(), field: z.string(), detail: z.string() });
const csvAnswer = z
  .object({
    stored: z.int().openapi({ description: 'Rows of the file that were stored.' }),
    problems: z.array(problem).openapi({ description: 'What is wrong with the others, by line of the file.' }),
  })
  .openapi('FailureLabelImport');

const suggestionSchema = z
  .object({
    gpu_uuid: z.string(),
    node: z.string(),
    failed_at: instantSchema,
    type: z.enum(FAILURE_TYPES),
    source: z.enum(['episode', 'rma']),
    note: z.string().openapi({ description: 'Why, in one sentence.' }),
  })
  .openapi('FailureLabelSuggestion');
const SUGGESTION_COLUMNS = Object.keys(suggestionSchema.shape);
const suggestionText = serialiser(suggestionSchema);

const fieldError = ({ line, field, detail }: LabelProblem) => ({
  field: field === '' ? `line ${line}` : `line ${line}, ${field}`,
  detail,
});

/** Telling of failures: `POST /failure-labels`, and `GET /failure-labels/suggestions` for what a person may confirm. */
export function labelRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const schema = tableRowSchema(GPU_FAILURE_LABELS);
  const text = serialiser(schema);
  const latest = (): number => eventNow(parts);

  definePost(
    app,
    {
      path: '/api/v1/failure-labels',
      tag: 'failure-labels',
      summary: 'Tells of a failure, or of many as CSV with the columns of the table; told again it changes.',
      body,
      query,
      answer: schema,
      stores: true,
      failures: [404, 503],
    },
    async (c, { ts: _, node: __, ...told }, { partial }) => {
      if (partial !== undefined) throw new BadRequest([{ field: 'partial', detail: 'Is for CSV only' }]);
      const wrong = failedAtProblem(told.failed_at, latest());
      if (wrong !== null) throw new BadRequest([{ field: 'failed_at', detail: `It ${wrong}` }]);
      const node = await nodeOf(parts, told.gpu_uuid);
      if (node === null) throw new VitalsError('GV-API-002', `No GPU ${told.gpu_uuid} is known`, 'gpu_uuid');
      const label: FailureLabel = labelRow(told, node);
      await writeLabels(parts.database, [label]);
      return c.body(text(answerOf({ ...label })), 201, JSON_TYPE);
    },
    {
      answer: csvAnswer,
      async handler(c, file, { partial }) {
        const { labels, problems } = labelsOf(parseLabelsCsv(file), await knownNodes(parts), latest());
        if (problems.length > 0 && (partial !== 'true' || labels.length === 0)) {
          throw new BadRequest(problems.map(fieldError));
        }
        await writeLabels(parts.database, labels);
        return c.json({ stored: labels.length, problems: [...problems] } satisfies z.infer<typeof csvAnswer>, 201);
      },
    },
  );

  defineGet(
    app,
    {
      path: '/api/v1/failure-labels/suggestions',
      tag: 'failure-labels',
      summary:
        'Failures that nobody told of but that seem to have been some, newest first; POST one with status confirmed or rejected.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        from: SPAN_PARAMETERS.from.openapi({ description: 'Failed at or after. Epoch ms or ISO 8601.' }),
        to: SPAN_PARAMETERS.to.openapi({ description: 'Failed before. Epoch ms or ISO 8601.' }),
        sort: sortParameter(['failed_at'], '-failed_at'),
        gpu_uuid: textParameter('GPU identity.'),
        node: textParameter('Host.'),
        type: z.enum(FAILURE_TYPES).optional(),
        source: z.enum(['episode', 'rma']).optional(),
      }),
      answer: listSchema(suggestionSchema),
      csv: true,
      failures: [503],
    },
    async (c, { query: asked }) => {
      const all = await readSuggestions(parts.database);
      const page = pageOf<LabelSuggestion>({
        items: all.filter(
          (one) =>
            (asked.gpu_uuid === undefined || one.gpu_uuid === asked.gpu_uuid) &&
            (asked.node === undefined || one.node === asked.node) &&
            (asked.type === undefined || one.type === asked.type) &&
            (asked.from === undefined || one.failed_at >= asked.from) &&
            (asked.to === undefined || one.failed_at < asked.to) &&
            (asked.source === undefined || one.source === asked.source),
        ),
        sort: { name: 'failed_at', descending: asked.sort !== 'failed_at', key: ({ failed_at }) => failed_at },
        identity: ({ gpu_uuid, source }) => `${gpu_uuid} ${source}`,
        limit: asked.limit,
        cursor: asked.cursor,
      });
      const texts = page.items.map((one) => suggestionText({ ...one, failed_at: instantText(one.failed_at) }));
      return listAnswer(c, { columns: SUGGESTION_COLUMNS, next: page.next, total: page.total, texts });
    },
  );
}

/** Where a GPU is, or was last; null when neither the bus nor the inventory has ever told of it. */
async function nodeOf({ view, assets }: ApiParts, gpu_uuid: string): Promise<string | null> {
  return view.ofGpu(gpu_uuid)[0]?.node ?? (await assets.find(gpu_uuid))?.node ?? null;
}

async function knownNodes({ view, assets }: ApiParts): Promise<Map<string, string>> {
  const nodes = new Map((await assets.all()).map(({ gpu_uuid, node }) => [gpu_uuid, node]));
  for (const { gpu_uuid, node } of view.all()) nodes.set(gpu_uuid, node);
  return nodes;
}
