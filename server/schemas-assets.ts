import { z } from '@hono/zod-openapi';

/** What became of a CSV of assets, or would become of it. */
export const assetImportSchema = z
  .object({
    added: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    refused: z
      .int()
      .openapi({ description: 'Rows that cannot be read, and rows that somebody else changed meanwhile.' }),
    rows: z
      .array(
        z.object({
          line: z.int().openapi({ description: 'Line of the file, from 1.' }),
          gpu_uuid: z.string(),
          outcome: z.enum(['added', 'changed', 'unchanged', 'refused']),
        }),
      )
      .openapi({ description: 'What became of every row that could be read.' }),
    problems: z
      .array(z.object({ line: z.int(), field: z.string(), detail: z.string() }))
      .openapi({ description: 'What is wrong with rows that were left out.' }),
  })
  .openapi('AssetImport');
