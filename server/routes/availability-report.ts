import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiParts } from '../api-parts.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { instantText } from '../instant.ts';
import { instantSchema } from '../instant-schema.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import {
  type AvailabilityRow,
  availabilityRows,
  type BoardAvailability,
  type ServiceBoard,
} from '../reports/availability.ts';
import { availabilityPage } from '../reports/availability-page.ts';
import { availabilityReports, type MonthAvailability, monthsUpTo } from '../reports/availability-reports.ts';
import { REPORT_POLICY } from '../reports/report-page.ts';
import { listSchema } from '../schemas.ts';
import { serialiser } from '../serialiser.ts';

const SLA_DEFAULT = 0.995;
const MONTHS = 12;
const HOUR_MS = 3_600_000;
const GROUPS = ['gpu', 'node', 'owner', 'tenant', 'cluster', 'rack', 'model', 'fleet', 'month'] as const;
type GroupBy = (typeof GROUPS)[number];

const rowSchema = z
  .object({
    month: z.string(),
    group: z.string().openapi({ description: 'Value of what is grouped by; empty where it is not known.' }),
    gpus: z.int().openapi({ description: 'Boards that were in service.' }),
    in_service_hours: z.number(),
    down_hours: z.number(),
    availability: z.number().nullable(),
    sla: z.number(),
    met: z.boolean().nullable(),
    breaches: z.int().openapi({ description: 'Boards whose own availability is below the target.' }),
    failures: z.int(),
    repaired: z.int(),
    down_now: z.int().openapi({ description: 'Boards that are down at the end.' }),
    mttr_hours: z.number().nullable().openapi({ description: 'Mean time to repair; null while nothing was repaired.' }),
    mtbf_hours: z.number().nullable().openapi({ description: 'Mean time between failures; null without failures.' }),
  })
  .openapi('Availability');
const ROW_COLUMNS = Object.keys(rowSchema.shape);
const rowText = serialiser(rowSchema);
type Row = z.infer<typeof rowSchema>;

const availabilityQuery = {
  month: z
    .string()
    .regex(/^(19[7-9]\d|[2-9]\d{3})-(0[1-9]|1[0-2])$/, 'Must be a month such as 2026-11')
    .optional()
    .openapi({ description: 'UTC; the month of the newest sample when absent. By month: the last of twelve.' }),
  by: z
    .enum(GROUPS, { error: `Must be one of ${GROUPS.join(', ')}` })
    .optional()
    .openapi({ description: 'Default gpu.' }),
  sla: z
    .string()
    .regex(/^(0?\.\d{1,9}|1(\.0{1,9})?)$/, 'Must be a ratio above 0, up to 1')
    .transform(Number)
    .refine((ratio) => ratio > 0, 'Must be above 0')
    .optional()
    .openapi({ type: 'number', default: SLA_DEFAULT, description: 'Target of the availability, 0..1.' }),
};
/** `GET /reports/availability` as JSON and CSV, and `/reports/availability.html` to print. */
export function availabilityReportRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const reports = availabilityReports(parts);

  async function availability(query: {
    month?: string | undefined;
    by?: GroupBy | undefined;
    sla?: number | undefined;
  }) {
    const month = query.month ?? reports.current();
    const by = query.by ?? 'gpu';
    const sla = query.sla ?? SLA_DEFAULT;
    const months = by === 'month' ? monthsUpTo(month, MONTHS) : [month];
    const told: { month: string; report: MonthAvailability; rows: AvailabilityRow[] }[] = [];
    // One after the other: a year at once would take every connection.
    for (const one of months) {
      const report = await reports.month(one);
      told.push({ month: one, report, rows: availabilityRows(report.boards, { sla, groupOf: grouping(by, one) }) });
    }
    return { month, by, sla, told };
  }

  defineGet(
    app,
    {
      path: '/api/v1/reports/availability',
      tag: 'reports',
      summary:
        'Uptime, outages and breaches of a month by GPU or group; /reports/availability.html says what the words mean. At most a minute old.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        ...availabilityQuery,
        sort: sortParameter(['group', 'availability', 'down_hours', 'failures', 'breaches'], 'group'),
        q: textParameter('Part of the group, in any case.'),
        met: z
          .enum(['true', 'false'])
          .optional()
          .openapi({ description: 'Only those that met, or missed, the target.' }),
      }),
      answer: listSchema(rowSchema).extend({
        month: z.string(),
        by: z.enum(GROUPS),
        sla: z.number(),
        from: instantSchema,
        to: instantSchema.openapi({ description: 'Where the month goes on: the newest sample.' }),
      }),
      csv: true,
      failures: [503],
    },
    async (c, { query }) => {
      const { month, by, sla, told } = await availability(query);
      const search = query.q?.toLowerCase() ?? '';
      const name = (query.sort ?? 'group').replace('-', '') as
        | 'group'
        | 'availability'
        | 'down_hours'
        | 'failures'
        | 'breaches';
      const rows = told.flatMap((one) => one.rows.map((row) => inHours(one.month, row)));
      const page = pageOf<Row>({
        items: rows.filter(
          (row) =>
            (query.met === undefined || String(row.met) === query.met) &&
            (search === '' || row.group.toLowerCase().includes(search)),
        ),
        sort: { name, descending: query.sort?.startsWith('-') ?? false, key: (row) => row[name] },
        identity: (row) => `${row.month} ${row.group}`,
        limit: query.limit,
        cursor: query.cursor,
      });
      return listAnswer(c, {
        columns: ROW_COLUMNS,
        next: page.next,
        total: page.total,
        texts: page.items.map((row) => rowText(row)),
        more: {
          month,
          by,
          sla,
          from: instantText(told[0]?.report.period.from ?? 0),
          to: instantText(told.at(-1)?.report.period.to ?? 0),
        },
      });
    },
  );

  defineGet(
    app,
    {
      path: '/api/v1/reports/availability.html',
      tag: 'reports',
      summary: 'The same as a page to print, with its definitions.',
      params: NO_PARAMETERS,
      query: z.strictObject(availabilityQuery),
      answer: z.string(),
      media: 'text/html',
      failures: [503],
    },
    async (c, { query }) => {
      const { month, by, sla, told } = await availability(query);
      const period = { from: told[0]?.report.period.from ?? 0, to: told.at(-1)?.report.period.to ?? 0 };
      const boards: readonly BoardAvailability[] = told.at(-1)?.report.boards ?? [];
      const html = availabilityPage({
        month,
        by,
        sla,
        made_at: parts.clock.now(),
        period,
        rows: told.flatMap(({ rows }) => rows),
        boards,
      });
      return c.html(html, 200, { 'Content-Security-Policy': REPORT_POLICY });
    },
  );
}

function grouping(by: GroupBy, month: string): (board: ServiceBoard) => string {
  if (by === 'gpu') return ({ gpu_uuid }) => gpu_uuid;
  if (by === 'fleet') return () => 'fleet';
  if (by === 'month') return () => month;
  return (board) => board[by];
}

const inHours = (month: string, { in_service_ms, down_ms, mttr_ms, mtbf_ms, ...row }: AvailabilityRow): Row => ({
  month,
  ...row,
  in_service_hours: in_service_ms / HOUR_MS,
  down_hours: down_ms / HOUR_MS,
  mttr_hours: mttr_ms === null ? null : mttr_ms / HOUR_MS,
  mtbf_hours: mtbf_ms === null ? null : mtbf_ms / HOUR_MS,
});
