import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import {
  type HandlingAct,
  handled,
  NAME_CHARACTERS_MAX,
  NOTE_CHARACTERS_MAX,
} from '../../pipeline/alert-desk/handling.ts';
import { ALERT_ID } from '../../pipeline/alert-desk/read-alert.ts';
import { severityRank } from '../../pipeline/alert-desk/severity-rank.ts';
import { ALERTS } from '../../pipeline/contract/alert-tables.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import { ALERT_FILTERS, type AlertRow, listAlerts, readAlertRow } from '../../sinks/questdb/read-alerts.ts';
import type { AlertNow } from '../alert-answers.ts';
import type { ApiParts } from '../api-parts.ts';
import { textFilters } from '../column-filters.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { definePost } from '../define-post.ts';
import { instantText } from '../instant.ts';
import { listAnswer } from '../list-answer.ts';
import { LIMIT_DEFAULT, LIST_PARAMETERS, SPAN_PARAMETERS, sortParameter } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import { BadRequest } from '../problem.ts';
import { listSchema, severitySchema } from '../schemas.ts';
import { alertDetailSchema, alertSchema } from '../schemas-alerts.ts';
import { byField } from '../security/by-field.ts';
import { serialiser } from '../serialiser.ts';
import { orderOf, sortColumns, sortedRows } from '../sorted-rows.ts';
import { tableRowAnswer } from '../table-schema.ts';

const COLUMNS = Object.keys(alertSchema.shape);
const alertText = serialiser(alertSchema);
const rowAnswer = tableRowAnswer(ALERTS);
const yesOrNo = (description: string) => z.enum(['true', 'false']).optional().openapi({ description });

const FILTERS = [
  ...ALERT_FILTERS,
  'id',
  'instance',
  'job',
  'action',
  'source',
  'source_id',
  'acknowledged_by',
  'assigned_to',
] as const;
/** Fields that only those in memory can be asked for by. */
const OPEN_ONLY = 'Only with state=open.';

const query = z.strictObject({
  ...LIST_PARAMETERS,
  ...SPAN_PARAMETERS,
  sort: sortParameter(sortColumns(ALERTS), '-ts'),
  ...textFilters(ALERTS, FILTERS),
  state: z.enum(['open', 'closed']).optional(),
  severity: severitySchema.optional(),
  acknowledged: yesOrNo(`Whether somebody has taken notice. ${OPEN_ONLY}`),
  quiet: yesOrNo(`Whether it is silenced or inhibited. ${OPEN_ONLY}`),
});

export const ALERT_PARAMETER = z.strictObject({
  id: z.string().regex(ALERT_ID, 'Must be the id of an alert').openapi({ description: 'Id of the alert.' }),
});
const note = z.string().max(NOTE_CHARACTERS_MAX).default('');
const actBody = z.strictObject({ by: byField, note }).openapi('AlertActRequest');
const assignBody = z
  .strictObject({
    by: byField,
    to: z.string().trim().max(NAME_CHARACTERS_MAX).openapi({ description: 'To whom; empty: to nobody.' }),
    note,
  })
  .openapi('AlertAssignRequest');

/** `GET /alerts`, `GET /alerts/{id}` and what people do with one. */
export function alertRoutes(app: OpenAPIHono, parts: ApiParts): void {
  const { alerts, database, clock } = parts;

  function openPage(asked: z.output<typeof query>) {
    const { limit, cursor, sort = '-ts', from, to, acknowledged, quiet, state: _open, ...equal } = asked;
    const items = alerts
      .open()
      .filter(
        (one) =>
          FILTERS.every((field) => field === 'state' || equal[field] === undefined || one[field] === equal[field]) &&
          (from === undefined || one.ts >= from) &&
          (to === undefined || one.ts < to) &&
          (acknowledged === undefined || (one.acknowledged_at !== null) === (acknowledged === 'true')) &&
          (quiet === undefined || (one.silenced_by !== '' || one.inhibited_by !== '') === (quiet === 'true')),
      )
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const { name, descending } = orderOf(sort);
    const field = name as keyof AlertRow;
    const key = (one: AlertNow) =>
      field === 'severity' ? severityRank(one.severity) : one[field] === '' ? null : one[field];
    return pageOf<AlertNow>({
      items,
      sort: { name, descending, key },
      identity: ({ id }) => id,
      limit,
      cursor,
    });
  }

  async function storedPage(asked: z.output<typeof query>) {
    const { limit = LIMIT_DEFAULT, cursor, sort = '-ts', acknowledged, quiet, ...filter } = asked;
    for (const [field, value] of Object.entries({ acknowledged, quiet })) {
      if (value !== undefined) throw new BadRequest([{ field, detail: OPEN_ONLY }]);
    }
    const order = orderOf(sort);
    const { from, to, ...equal } = filter;
    const page =
      order.name === 'ts' && FILTERS.every((field) => equal[field] === undefined || isPlain(field))
        ? await listAlerts(database, filter, { limit, cursor, oldest_first: !order.descending })
        : await sortedRows(database, ALERTS, { equal, from, to }, { limit, cursor, order });
    return { ...page, items: page.items.map((row) => alerts.current(row as AlertRow)) };
  }

  defineGet(
    app,
    {
      path: '/api/v1/alerts',
      tag: 'alerts',
      summary: 'Alerts, newest opening first. With state=open from memory, also while the database is away.',
      params: NO_PARAMETERS,
      query,
      answer: listSchema(alertSchema),
      csv: true,
      failures: [503],
    },
    async (c, { query: asked }) => {
      const page = asked.state === 'open' && alerts.ready() ? openPage(asked) : await storedPage(asked);
      const texts = page.items.map((one) => alertText(answerOf(one)));
      return listAnswer(c, { columns: COLUMNS, next: page.next, total: page.total, texts });
    },
  );

  /** Throws GV-API-002 when nobody knows it. */
  async function known(id: string): Promise<AlertNow> {
    const open = alerts.alert(id);
    if (open !== null) return open;
    const row = await readAlertRow(database, id);
    if (row === null) throw new VitalsError('GV-API-002', `No alert ${id} is known`, 'id');
    return alerts.current(row);
  }

  async function detail(c: Context, id: string): Promise<Response> {
    const alert = await known(id);
    const unavailable: string[] = [];
    const changes = await alerts.changes(alert).catch(() => {
      unavailable.push('changes');
      return [];
    });
    return c.json({
      ...answerOf(alert),
      changes: changes.map((change) => ({ ...change, at: instantText(change.at) })),
      unavailable,
    });
  }

  defineGet(
    app,
    {
      path: '/api/v1/alerts/{id}',
      tag: 'alerts',
      summary: 'One alert, with what happened to it.',
      params: ALERT_PARAMETER,
      query: NO_PARAMETERS,
      answer: alertDetailSchema,
      failures: [404, 503],
    },
    (c, { params: { id } }) => detail(c, id),
  );

  async function act(c: Context, id: string, done: Omit<HandlingAct, 'at'>): Promise<Response> {
    const { severity } = await known(id);
    const at = clock.now();
    await alerts.handle(id, (now) => handled(now, { at, ...done }, severity));
    return detail(c, id);
  }
  const route = (path: string, summary: string) => ({
    path: `/api/v1/alerts/{id}/${path}`,
    tag: 'alerts',
    summary,
    params: ALERT_PARAMETER,
    answer: alertDetailSchema,
    failures: [404, 503] as const,
  });

  definePost(
    app,
    {
      ...route('acknowledge', 'Takes notice: no repeats, no escalation, until it gets worse.'),
      body: actBody,
      body_optional: true,
    },
    (c, body, _query, { id }) => act(c, id, { act: 'acknowledged', to: '', ...body }),
  );
  definePost(
    app,
    { ...route('unacknowledge', 'Takes that back.'), body: actBody, body_optional: true },
    (c, body, _query, { id }) => act(c, id, { act: 'unacknowledged', to: '', ...body }),
  );
  definePost(app, { ...route('assign', 'Says who looks after it.'), body: assignBody }, (c, body, _query, { id }) =>
    act(c, id, { act: 'assigned', ...body }),
  );
}

/** The table's own reader asks by it. */
const isPlain = (field: string): boolean => ALERT_FILTERS.some((one) => one === field);
const answerOf = (alert: AlertNow): Record<string, unknown> => rowAnswer(alert as unknown as Record<string, unknown>);
