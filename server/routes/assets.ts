import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { listAssets, readAsset } from '../../sinks/questdb/read-assets.ts';
import type { ApiParts } from '../api-parts.ts';
import { assetAnswer } from '../asset-answer.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { listAnswer } from '../list-answer.ts';
import { LIMIT_DEFAULT, LIST_PARAMETERS, textParameter } from '../list-query.ts';
import { assetSchema, listSchema } from '../schemas.ts';
import { serialiser } from '../serialiser.ts';
import { GPU_PARAMETER } from './gpus.ts';

const COLUMNS = Object.keys(assetSchema.shape);
const assetText = serialiser(assetSchema);

/** `GET /assets` and `GET /assets/{gpu_uuid}`: the inventory as last written. */
export function assetRoutes(app: OpenAPIHono, parts: ApiParts): void {
  defineGet(
    app,
    {
      path: '/api/v1/assets',
      tag: 'assets',
      summary: 'Inventory, by gpu_uuid.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        sort: z.literal('gpu_uuid').optional(),
        node: textParameter('Host.'),
        model: textParameter('Model name.'),
        cluster: textParameter('Cluster.'),
        rack: textParameter('Rack.'),
        owner: textParameter('Owning team.'),
        tenant: textParameter('Tenant.'),
        status: textParameter('active, maintenance or retired.'),
      }),
      answer: listSchema(assetSchema),
      csv: true,
      failures: [503],
    },
    async (c, { query: { limit, cursor, sort: _byIdentity, ...filter } }) => {
      const page = await listAssets(parts.database, filter, { limit: limit ?? LIMIT_DEFAULT, cursor });
      const texts = page.items.map((asset) => assetText(assetAnswer(asset)));
      return listAnswer(c, { columns: COLUMNS, next: page.next, total: page.total, texts });
    },
  );

  defineGet(
    app,
    {
      path: '/api/v1/assets/{gpu_uuid}',
      tag: 'assets',
      summary: 'One asset.',
      params: GPU_PARAMETER,
      query: NO_PARAMETERS,
      answer: assetSchema,
      failures: [404, 503],
    },
    async (c, { params: { gpu_uuid } }) => {
      const asset = await readAsset(parts.database, gpu_uuid);
      if (asset === null) throw new VitalsError('GV-API-002', `No asset ${gpu_uuid} is known`, 'gpu_uuid');
      return c.body(assetText(assetAnswer(asset)), 200, { 'Content-Type': 'application/json' });
    },
  );
}
