import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { days } from '../../pipeline/contract/time.ts';
import { readLabels } from '../../sinks/questdb/read-labels.ts';
import type { ApiParts } from '../api-parts.ts';
import { cachedAnswer } from '../cached-answer.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { eventNow } from '../event-now.ts';
import { utcMinute } from '../evidence-plot.ts';
import { instantText } from '../instant.ts';
import { instantSchema } from '../instant-schema.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, SPAN_PARAMETERS, textParameter } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import { BadRequest } from '../problem.ts';
import { CHANGE_KINDS, COMPLIANCE_TERMS, type RecordedChange, recordedChanges } from '../reports/compliance.ts';
import { REPORT_POLICY, reportPage } from '../reports/report-page.ts';
import { listSchema } from '../schemas.ts';

const CHANGES_AGE_MS = 15_000;
const CHANGES_SPAN_MS = days(90);

const changeSchema = z
  .object({
    at: instantSchema,
    kind: z.enum(CHANGE_KINDS),
    subject: z.string(),
    what: z.string(),
    by: z.string(),
    detail: z.string(),
  })
  .openapi('RecordedChange');
const CHANGE_COLUMNS = Object.keys(changeSchema.shape);

const spanQuery = {
  ...SPAN_PARAMETERS,
  kind: z.enum(CHANGE_KINDS).optional(),
  subject: textParameter('GPU, or alias of the model registry.'),
};
interface ChangeQuery {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly kind?: RecordedChange['kind'] | undefined;
  readonly subject?: string | undefined;
}

/** `GET /reports/compliance` as JSON and CSV, and `/reports/compliance.html` to print. */
export function complianceReportRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const changes = cachedAnswer(parts.clock, CHANGES_AGE_MS, async () => {
    const [versions, labels, moves] = await Promise.all([
      parts.assets.versions(),
      readLabels(parts.database),
      parts.models.history(),
    ]);
    return recordedChanges({ versions, labels, moves });
  });
  async function changesOf(query: ChangeQuery): Promise<{ from: number; to: number; items: RecordedChange[] }> {
    const to = query.to ?? eventNow(parts) + 1;
    const from = query.from ?? to - CHANGES_SPAN_MS;
    if (from >= to) throw new BadRequest([{ field: 'from', detail: 'Must be before to' }]);
    const items = (await changes()).filter(
      (one) =>
        one.at >= from &&
        one.at < to &&
        (query.kind === undefined || one.kind === query.kind) &&
        (query.subject === undefined || one.subject === query.subject),
    );
    return { from, to, items };
  }

  defineGet(
    app,
    {
      path: '/api/v1/reports/compliance',
      tag: 'reports',
      summary:
        'What people have changed: inventory, labels, models; newest first, by default of the last 90 days. /reports/compliance.html says what is kept.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        ...spanQuery,
        sort: z.enum(['at', '-at']).optional().openapi({ description: 'Default -at.' }),
      }),
      answer: listSchema(changeSchema).extend({ from: instantSchema, to: instantSchema }),
      csv: true,
      failures: [503],
    },
    async (c, { query }) => {
      const { from, to, items } = await changesOf(query);
      const found = pageOf<RecordedChange>({
        items,
        sort: { name: 'at', descending: query.sort !== 'at', key: ({ at }) => at },
        identity: ({ kind, subject, what, detail }) => `${kind} ${subject} ${what} ${detail}`,
        limit: query.limit,
        cursor: query.cursor,
      });
      const texts = found.items.map(({ at, ...rest }) => JSON.stringify({ at: instantText(at), ...rest }));
      return listAnswer(c, {
        columns: CHANGE_COLUMNS,
        next: found.next,
        total: found.total,
        texts,
        more: { from: instantText(from), to: instantText(to) },
      });
    },
  );

  defineGet(
    app,
    {
      path: '/api/v1/reports/compliance.html',
      tag: 'reports',
      summary: 'The same as a page to print.',
      params: NO_PARAMETERS,
      query: z.strictObject(spanQuery),
      answer: z.string(),
      media: 'text/html',
      failures: [503],
    },
    async (c, { query }) => {
      const { from, to, items } = await changesOf(query);
      const html = reportPage({
        title: 'What was changed',
        lead: [
          `Made ${utcMinute(parts.clock.now())}; changes from ${utcMinute(from)} to ${utcMinute(to)}. All times are UTC.`,
        ],
        sections: [
          {
            name: 'Changes, newest first',
            empty: 'Nothing was changed in this time.',
            table: {
              heads: ['When', 'Kind', 'Of', 'What', 'By', 'Detail'],
              numeric: [],
              rows: items.map(({ at, kind, subject, what, by, detail }) => [
                utcMinute(at),
                kind,
                subject,
                what,
                by,
                detail,
              ]),
            },
          },
        ],
        terms: COMPLIANCE_TERMS,
      });
      return c.html(html, 200, { 'Content-Security-Policy': REPORT_POLICY });
    },
  );
}
