import { createHash } from 'node:crypto';
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { parseAssetsCsv } from '../../pipeline/asset-csv.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { Asset } from '../../pipeline/contract/events.ts';
import { GPU_ASSETS } from '../../pipeline/contract/tables.ts';
import type { ApiParts } from '../api-parts.ts';
import { assetAnswer } from '../asset-answer.ts';
import { assetBodySchema, assetChangeSchema, retireBodySchema, settledFacts } from '../asset-body.ts';
import { textFilters } from '../column-filters.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { definePost } from '../define-post.ts';
import { eventNow } from '../event-now.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, SPAN_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import { BadRequest } from '../problem.ts';
import { assetSchema, listSchema } from '../schemas.ts';
import { assetImportSchema } from '../schemas-assets.ts';
import { serialiser } from '../serialiser.ts';
import { GPU_PARAMETER } from './gpus.ts';

const ASSETS_PATH = '/api/v1/assets';
/** CSV of whole inventories: 100,000 assets are about 20 MB. */
const CSV_BYTES_MAX = 64 * 2 ** 20;

const COLUMNS = Object.keys(assetSchema.shape) as (keyof Asset)[];
const FILTERS = [
  'gpu_uuid',
  'node',
  'model',
  'serial',
  'pci_bus_id',
  'cluster',
  'rack',
  'slot',
  'owner',
  'tenant',
  'status',
  'note',
] as const;
const SEARCHED = ['gpu_uuid', 'node', 'serial', 'rack', 'owner', 'tenant', 'note'] as const;
const assetText = serialiser(assetSchema);
const textOf = (asset: Asset): string => assetText(assetAnswer(asset));
const tagOf = (text: string): string => `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;

/** A row with several mistakes is one row. */
const linesOf = (issues: readonly { readonly line: number }[]): number => new Set(issues.map(({ line }) => line)).size;

/** The inventory: `GET`, `POST /assets`; `GET`, `PATCH /assets/{gpu_uuid}`; `POST /assets/{gpu_uuid}/retire`. Nothing is deleted. */
export function assetRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const { assets } = parts;
  const now = (): number => eventNow(parts);
  const answer = (c: Context, asset: Asset, status: 200 | 201): Response => {
    const text = textOf(asset);
    return c.body(text, status, { 'Content-Type': 'application/json', ETag: tagOf(text) });
  };
  const unknown = (gpu_uuid: string) => new VitalsError('GV-API-002', `No asset ${gpu_uuid} is known`, 'gpu_uuid');

  defineGet(
    app,
    {
      path: ASSETS_PATH,
      tag: 'assets',
      summary: 'Inventory, by gpu_uuid.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        from: SPAN_PARAMETERS.from.openapi({ description: 'Registered at or after. Epoch ms or ISO 8601.' }),
        to: SPAN_PARAMETERS.to.openapi({ description: 'Registered before. Epoch ms or ISO 8601.' }),
        sort: sortParameter(COLUMNS, 'gpu_uuid'),
        q: textParameter(`Part of ${SEARCHED.join(', ')}, in any case.`),
        ...textFilters(GPU_ASSETS, FILTERS),
      }),
      answer: listSchema(assetSchema),
      csv: true,
      failures: [503],
    },
    async (c, { query }) => {
      const equal = FILTERS.filter((name) => query[name] !== undefined);
      const search = query.q?.toLowerCase() ?? '';
      const matching = (await assets.all()).filter(
        (asset) =>
          equal.every((name) => asset[name] === query[name]) &&
          (query.from === undefined || asset.registered_at >= query.from) &&
          (query.to === undefined || asset.registered_at < query.to) &&
          (search === '' || SEARCHED.some((name) => asset[name].toLowerCase().includes(search))),
      );
      const name = query.sort?.replace('-', '') as keyof Asset | undefined;
      const page = pageOf({
        items: matching,
        sort:
          name === undefined || query.sort === 'gpu_uuid'
            ? null
            : {
                name,
                descending: query.sort?.startsWith('-') ?? false,
                key: (asset) => (asset[name] === '' ? null : asset[name]),
              },
        identity: ({ gpu_uuid }) => gpu_uuid,
        limit: query.limit,
        cursor: query.cursor,
      });
      return listAnswer(c, { columns: COLUMNS, next: page.next, total: page.total, texts: page.items.map(textOf) });
    },
  );

  defineGet(
    app,
    {
      path: `${ASSETS_PATH}/{gpu_uuid}`,
      tag: 'assets',
      summary: 'One asset. Its ETag, sent as If-Match with a change, refuses the change when somebody else was faster.',
      params: GPU_PARAMETER,
      query: NO_PARAMETERS,
      answer: assetSchema,
      failures: [404, 503],
    },
    async (c, { params: { gpu_uuid } }) => {
      const asset = await assets.find(gpu_uuid);
      if (asset === null) throw unknown(gpu_uuid);
      return answer(c, asset, 200);
    },
  );

  definePost(
    app,
    {
      path: ASSETS_PATH,
      tag: 'assets',
      body_bytes_max: CSV_BYTES_MAX,
      summary:
        'A new asset as JSON; one that is known already is changed by PATCH. As CSV with the columns of the table: new and known ones alike, columns that the file does not have stay as they are.',
      body: assetBodySchema,
      query: z.strictObject({
        partial: z
          .enum(['true', 'false'])
          .optional()
          .openapi({ description: 'Of CSV: takes the good rows when others are bad. Default false: all or none.' }),
      }),
      answer: assetSchema,
      stores: true,
      failures: [409, 503],
    },
    async (c, { gpu_uuid, ts: _, ...told }, { partial }) => {
      if (partial !== undefined) throw new BadRequest([{ field: 'partial', detail: 'Is for CSV only' }]);
      const asset = await assets.change(gpu_uuid, (before) => {
        if (before === null) return { gpu_uuid, ...settledFacts(told, null, now()) };
        throw new VitalsError('GV-API-006', `Asset ${gpu_uuid} is known already`, 'gpu_uuid', {
          action: `Change it with PATCH ${ASSETS_PATH}/{gpu_uuid}.`,
        });
      });
      c.header('Location', `${ASSETS_PATH}/${encodeURIComponent(gpu_uuid)}`);
      return answer(c, asset, 201);
    },
    {
      answer: assetImportSchema,
      async handler(c, file, { partial }) {
        const { rows, lines, issues } = parseAssetsCsv(file);
        if (issues.length > 0 && (partial !== 'true' || rows.length === 0)) {
          throw new BadRequest(
            issues.map(({ line, field, detail }) => ({
              field: field === '' ? `line ${line}` : `line ${line}, ${field}`,
              detail,
            })),
          );
        }
        const outcomes = await assets.bring(rows);
        const told = rows.map(({ gpu_uuid }, i) => ({
          line: lines[i] ?? 0,
          gpu_uuid,
          outcome: outcomes[i] ?? ('unchanged' as const),
        }));
        const count = (outcome: string): number => outcomes.filter((one) => one === outcome).length;
        const overtaken = told.filter(({ outcome }) => outcome === 'refused');
        return c.json(
          {
            added: count('added'),
            changed: count('changed'),
            unchanged: count('unchanged'),
            refused: overtaken.length + linesOf(issues),
            rows: told,
            problems: [
              ...issues.map(({ line, field, detail }) => ({ line, field, detail })),
              ...overtaken.map(({ line }) => ({
                line,
                field: 'gpu_uuid',
                detail: 'was changed by somebody else meanwhile; send it again',
              })),
            ].sort((a, b) => a.line - b.line),
          } satisfies z.infer<typeof assetImportSchema>,
          201,
        );
      },
    },
  );

  definePost(
    app,
    {
      path: `${ASSETS_PATH}/preview`,
      tag: 'assets',
      body_bytes_max: CSV_BYTES_MAX,
      summary: 'What a CSV would do to the inventory, with everything that is wrong in it; nothing is stored.',
      body: z.strictObject({ csv: z.string() }).openapi('AssetPreviewRequest'),
      answer: assetImportSchema,
      failures: [503],
    },
    async (c, { csv }) => {
      const { rows, lines, issues } = parseAssetsCsv(csv);
      const outcomes = await assets.foresee(rows);
      const count = (outcome: string): number => outcomes.filter((one) => one === outcome).length;
      return c.json({
        added: count('added'),
        changed: count('changed'),
        unchanged: count('unchanged'),
        refused: linesOf(issues),
        rows: rows.map(({ gpu_uuid }, i) => ({
          line: lines[i] ?? 0,
          gpu_uuid,
          outcome: outcomes[i] ?? ('unchanged' as const),
        })),
        problems: issues.map(({ line, field, detail }) => ({ line, field, detail })),
      } satisfies z.infer<typeof assetImportSchema>);
    },
  );

  definePost(
    app,
    {
      method: 'patch',
      path: `${ASSETS_PATH}/{gpu_uuid}`,
      tag: 'assets',
      summary:
        'Changes the facts named; null or an empty text clears one. With If-Match only what was read is changed.',
      params: GPU_PARAMETER,
      body: assetChangeSchema,
      answer: assetSchema,
      failures: [404, 409, 412, 503],
    },
    async (c, { ts: _, gpu_uuid: named, ...told }, _query, { gpu_uuid }) => {
      if (named !== undefined && named !== gpu_uuid) {
        throw new BadRequest([{ field: 'gpu_uuid', detail: `Must be ${gpu_uuid} as in the path, or left out` }]);
      }
      const match = c.req.header('If-Match');
      const asset = await assets.change(gpu_uuid, (before) => {
        if (before === null) throw unknown(gpu_uuid);
        if (match !== undefined && !matches(match, tagOf(textOf(before)))) {
          throw new VitalsError('GV-API-007', `Asset ${gpu_uuid} was changed since it was read`, 'If-Match');
        }
        return { gpu_uuid, ...settledFacts(told, before, now()) };
      });
      return answer(c, asset, 200);
    },
  );

  definePost(
    app,
    {
      path: `${ASSETS_PATH}/{gpu_uuid}/retire`,
      tag: 'assets',
      summary: 'Out of service for good; a PATCH of its status brings it back.',
      params: GPU_PARAMETER,
      body: retireBodySchema,
      answer: assetSchema,
      body_optional: true,
      failures: [404, 409, 503],
    },
    async (c, told, _query, { gpu_uuid }) => {
      const asset = await assets.change(gpu_uuid, (before) => {
        if (before === null) throw unknown(gpu_uuid);
        return { gpu_uuid, ...settledFacts({ ...told, status: 'retired' }, before, now()) };
      });
      return answer(c, asset, 200);
    },
  );
}

/** Compression weakens a tag on its way out; what it stands for is the same. */
const matches = (header: string, tag: string): boolean =>
  header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
