import { z } from '@hono/zod-openapi';

export const instantSchema = z.iso
  .datetime({ precision: 3 })
  .openapi({ description: 'UTC, ISO 8601 with milliseconds.', example: '2026-01-01T00:00:00.000Z' });
