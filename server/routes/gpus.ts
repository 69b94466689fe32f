import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { metricIndex } from '../../pipeline/contract/metrics.ts';
import { answerText } from '../answer-text.ts';
import type { ApiParts } from '../api-parts.ts';
import { assetAnswer } from '../asset-answer.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { byIdentity, type FleetReading, type GpuEntry, identityOf } from '../fleet-view.ts';
import type { RowsText } from '../kept-rows.ts';
import { type ListAnswer, listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, SPAN_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { pageOf, type SortKey } from '../page-of.ts';
import {
  decisionSchema,
  type GpuSummary,
  gpuSummarySchema,
  gradeSchema,
  listSchema,
  SUMMARY_METRICS,
  severitySchema,
  verdictSchema,
} from '../schemas.ts';
import { serialiser } from '../serialiser.ts';
import { sharedAnswers } from '../shared-answers.ts';
import { VERDICT_PARTS, type VerdictPart } from '../verdict-rows.ts';
import { gpuState, gpuSummary, summaryTexts } from '../view-json.ts';
import { type AnswerRow, worstInstance } from '../worst-instance.ts';

interface GpuFilters {
  readonly gpu_uuid?: string | undefined;
  readonly node?: string | undefined;
  readonly instance?: string | undefined;
  readonly model?: string | undefined;
  readonly slot?: string | undefined;
  readonly stale?: 'true' | 'false' | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly worst_severity?: GpuSummary['worst_severity'] | 'none' | undefined;
  readonly health_grade?: GpuSummary['health_grade'] | 'none' | undefined;
  readonly decision?: GpuSummary['decision'] | 'none' | undefined;
}

const COLUMNS = Object.keys(gpuSummarySchema.shape) as (keyof GpuSummary)[];
const METRIC_COLUMNS: ReadonlyMap<string, number> = new Map(SUMMARY_METRICS.map((name) => [name, metricIndex(name)]));
/** To look through a large fleet for each of many that ask the same at once is most of what lists cost. */
const SHARED = { age_ms: 100, kept_max: 64 };
const LOOKED_UP = ['asset', ...VERDICT_PARTS] as const;
/** Without what comes as text from the rows that are kept. */
const liveText = serialiser(verdictSchema.omit({ health: true, prediction: true, decision: true, episodes: true }));
const NO_ROWS: RowsText = { text: '[]', count: 0 };

/** What a field says, or that it says nothing. */
const orNone = <S extends z.ZodEnum>(schema: S, description: string) =>
  schema
    .or(z.literal('none'))
    .optional()
    .openapi({ description: `${description}; none: of those where it is null.` });

export const GPU_PARAMETER = z.strictObject({
  gpu_uuid: z.string().min(1).max(256).openapi({ description: 'GPU identity, as the driver tells it.' }),
});

/** Throws GV-API-002 when neither the bus nor the inventory has ever told of the GPU. */
export async function assertGpu(parts: ApiParts, uuid: string): Promise<void> {
  if (parts.view.ofGpu(uuid).length > 0 || (await parts.assets.find(uuid)) !== null) return;
  throw new VitalsError('GV-API-002', `No GPU ${uuid} is known`, 'gpu_uuid');
}

/** `GET /gpus` and `GET /gpus/{gpu_uuid}`: the latest state, from memory; only the asset, and what nobody asked for lately, is looked up. */
export function gpuRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const { view } = parts;
  const text = summaryTexts(view);
  const shared = sharedAnswers<ListAnswer>(parts.clock, SHARED);

  defineGet(
    app,
    {
      path: '/api/v1/gpus',
      tag: 'gpus',
      summary: 'Every GPU and MIG instance with its main readings and open anomalies.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        ...SPAN_PARAMETERS,
        sort: sortParameter(COLUMNS, 'gpu_uuid'),
        gpu_uuid: textParameter('GPU identity.'),
        node: textParameter('Host.'),
        instance: textParameter("MIG's GPU_I_ID; empty for whole boards."),
        model: textParameter('Model name.'),
        slot: textParameter('Slot in the node.'),
        worst_severity: orNone(severitySchema, 'Of the open anomalies'),
        health_grade: orNone(gradeSchema, 'Grade of the health'),
        decision: orNone(decisionSchema, 'About the whole board'),
        stale: z.enum(['true', 'false']).optional(),
      }),
      answer: listSchema(gpuSummarySchema),
      csv: true,
    },
    async (c, { query }) => {
      const page = await shared(JSON.stringify(query), async () => {
        const name = query.sort?.replace('-', '') as keyof GpuSummary | undefined;
        const { items, next, total } = pageOf({
          items: matching(view, query),
          sort:
            name === undefined
              ? null
              : { name, descending: query.sort?.startsWith('-') ?? false, key: sortKey(view, name) },
          identity: identityOf,
          limit: query.limit,
          cursor: query.cursor,
        });
        return { columns: COLUMNS, next, total, texts: items.map(text) };
      });
      return listAnswer(c, page, true);
    },
  );

  defineGet(
    app,
    {
      path: '/api/v1/gpus/{gpu_uuid}',
      tag: 'gpus',
      summary: 'The whole verdict on one GPU.',
      params: GPU_PARAMETER,
      query: NO_PARAMETERS,
      answer: verdictSchema,
      failures: [404, 503],
    },
    async (c, { params: { gpu_uuid } }) => {
      const state = gpuState(view, gpu_uuid);
      const unavailable = new Set<string>();
      const lookUp = async <T>(field: (typeof LOOKED_UP)[number], missing: T, ask: () => Promise<T>): Promise<T> => {
        try {
          return await ask();
        } catch (error) {
          // The live part is still worth an answer; without it there is nothing to tell.
          if (state === null) throw error;
          unavailable.add(field);
          return missing;
        }
      };
      const rows = (part: VerdictPart) => lookUp(part, NO_ROWS, () => parts.verdicts.text(part, gpu_uuid));
      const [asset, scores, predictions, decisions, episodes] = await Promise.all([
        lookUp('asset', null, () => parts.assets.find(gpu_uuid)),
        rows('health'),
        rows('prediction'),
        rows('decision'),
        rows('episodes'),
      ]);
      if (state === null && asset === null) {
        throw new VitalsError('GV-API-002', `No GPU ${gpu_uuid} is known`, 'gpu_uuid');
      }
      const reporting = new Set(view.ofGpu(gpu_uuid).flatMap(({ instance, stale }) => (stale ? [] : [instance])));
      const score = worstText(scores, reporting, ({ overall_score }) => -Number(overall_score ?? Number.NaN));
      const prediction = worstText(predictions, reporting, ({ failure_prob_30d }) => Number(failure_prob_30d));
      const live = liveText({
        gpu_uuid,
        node: state?.node ?? asset?.node ?? '',
        model: state?.model || asset?.model || '',
        slot: state?.slot || asset?.slot || '',
        stale_since: state?.stale_since ?? null,
        asset: asset === null ? null : assetAnswer(asset),
        sample: state?.sample ?? null,
        instances: state?.instances ?? [],
        anomalies: state?.anomalies ?? [],
        unavailable: LOOKED_UP.filter((field) => unavailable.has(field)),
      });
      const kept = `"health":${score},"episodes":${episodes.text},"prediction":${prediction},"decision":${firstText(decisions)}`;
      return answerText(c, `${live.slice(0, -1)},${kept}}`);
    },
  );
}

/** One row is what a board without MIG instances has: its text is taken as it is. */
const onlyText = ({ text, count }: RowsText): string | null =>
  count === 0 ? 'null' : count === 1 ? text.slice(1, -1) : null;

const worstText = (kept: RowsText, reporting: ReadonlySet<string>, badness: (row: AnswerRow) => number): string =>
  onlyText(kept) ?? JSON.stringify(worstInstance(JSON.parse(kept.text) as AnswerRow[], reporting, badness));

const firstText = (kept: RowsText): string =>
  onlyText(kept) ?? JSON.stringify((JSON.parse(kept.text) as AnswerRow[])[0]);

/** Those that match, by identity; without a filter the fleet as it is. */
function matching(view: FleetReading, query: GpuFilters): readonly GpuEntry[] {
  const { gpu_uuid, node } = query;
  const among =
    gpu_uuid !== undefined
      ? view.ofGpu(gpu_uuid)
      : node !== undefined
        ? [...view.ofNode(node)].sort(byIdentity)
        : view.all();
  const tests: ((entry: GpuEntry) => boolean)[] = [];
  if (gpu_uuid !== undefined && node !== undefined) tests.push((entry) => entry.node === node);
  for (const name of ['instance', 'model', 'slot'] as const) {
    const wanted = query[name];
    if (wanted !== undefined) tests.push((entry) => entry[name] === wanted);
  }
  const { stale, from, to, worst_severity, health_grade, decision } = query;
  if (stale !== undefined) tests.push((entry) => entry.stale === (stale === 'true'));
  if (from !== undefined) tests.push((entry) => entry.ts >= from);
  if (to !== undefined) tests.push((entry) => entry.ts < to);
  if (worst_severity !== undefined) {
    tests.push((entry) => (gpuSummary(view, entry).worst_severity ?? 'none') === worst_severity);
  }
  const { verdicts } = view;
  if (health_grade !== undefined) {
    tests.push(
      ({ gpu_uuid: uuid, instance, ts }) =>
        (verdicts.health(uuid, instance, ts)?.health_grade ?? 'none') === health_grade,
    );
  }
  if (decision !== undefined) {
    tests.push(({ gpu_uuid: uuid, ts }) => (verdicts.decision(uuid, ts)?.decision ?? 'none') === decision);
  }
  return tests.length === 0 ? among : among.filter((entry) => tests.every((test) => test(entry)));
}

function sortKey(view: FleetReading, name: keyof GpuSummary): (entry: GpuEntry) => SortKey {
  const metric = METRIC_COLUMNS.get(name);
  if (metric !== undefined) {
    return (entry) => {
      const value = view.value(entry, metric);
      return Number.isFinite(value) ? value : null;
    };
  }
  if (name !== 'worst_severity') return (entry) => gpuSummary(view, entry)[name] as SortKey;
  return (entry) => {
    const { worst_severity } = gpuSummary(view, entry);
    return worst_severity === null ? null : ['info', 'warning', 'critical'].indexOf(worst_severity);
  };
}
