import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { Finding } from '../../pipeline/doctor/finding.ts';
import type { ApiParts } from '../api-parts.ts';
import { cachedAnswer } from '../cached-answer.ts';
import { defineGet, NO_PARAMETERS } from '../define-get.ts';
import { instantText } from '../instant.ts';
import { instantSchema } from '../instant-schema.ts';
import { listAnswer } from '../list-answer.ts';
import { LIST_PARAMETERS, sortParameter, textParameter } from '../list-query.ts';
import { pageOf } from '../page-of.ts';
import { listSchema } from '../schemas.ts';

/** A look takes two to three seconds, of which it mostly listens. */
const DOCTOR_AGE_MS = 5_000;

const optionSchema = z
  .object({
    option: z.string(),
    value: z.unknown().openapi({ description: 'In effect; durations as they are written, secrets as ***.' }),
    origin: z.string().openapi({ description: "`default`, the file's path, the variable's name, or the flag." }),
    section: z.string(),
    help: z.string(),
  })
  .openapi('ConfigOption');
const OPTION_COLUMNS = Object.keys(optionSchema.shape);

const findingSchema = z
  .object({
    part: z.string(),
    check: z.string(),
    state: z.enum(['ok', 'warn', 'fail']),
    what: z.string(),
    action: z.string().openapi({ description: 'What to do about it; empty when there is nothing to do.' }),
    code: z.string().nullable(),
    figures: z
      .record(z.string(), z.union([z.number(), z.string(), z.null()]))
      .openapi({ description: 'Measured values by name, units last.' }),
  })
  .openapi('Finding');
const FINDING_COLUMNS = Object.keys(findingSchema.shape);
const STATES = ['fail', 'warn', 'ok'] as const;

/** `GET /config` and `GET /doctor`: how this installation is set up, and how it is. */
export function installationRoutes(app: OpenAPIHono, parts: ApiParts): void {
  defineGet(
    app,
    {
      path: '/api/v1/config',
      tag: 'operations',
      summary: 'Effective configuration and where each value comes from, without secrets.',
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        sort: sortParameter(['option', 'origin'], 'the order of the documentation'),
        option: textParameter('One option.'),
        section: textParameter('General, Services, Fleet, ...'),
        origin: textParameter('Where the value comes from.'),
      }),
      answer: listSchema(optionSchema),
      csv: true,
      failures: [503],
    },
    (c, { query }) => {
      if (parts.config === null) throw new VitalsError('GV-API-003', 'The configuration is not known here', 'config');
      const { config } = parts;
      const place = new Map(config.map(({ option }, i) => [option, String(i).padStart(4, '0')]));
      const name = query.sort?.replace('-', '') as 'option' | 'origin' | undefined;
      const page = pageOf({
        items: config.filter((one) =>
          (['option', 'section', 'origin'] as const).every(
            (field) => query[field] === undefined || one[field] === query[field],
          ),
        ),
        sort:
          name === undefined
            ? { name: 'place', descending: false, key: ({ option }) => place.get(option) ?? null }
            : { name, descending: query.sort?.startsWith('-') ?? false, key: (one) => one[name] },
        identity: ({ option }) => option,
        limit: query.limit,
        cursor: query.cursor,
      });
      return listAnswer(c, {
        columns: OPTION_COLUMNS,
        next: page.next,
        total: page.total,
        texts: page.items.map((one) => JSON.stringify(one)),
      });
    },
  );

  const examine = cachedAnswer(parts.clock, DOCTOR_AGE_MS, async () => {
    if (parts.examine === null) throw new VitalsError('GV-API-003', 'Nobody can be examined from here', 'doctor');
    return { at: parts.clock.now(), findings: await parts.examine() };
  });
  defineGet(
    app,
    {
      path: '/api/v1/doctor',
      tag: 'operations',
      summary:
        "Every part's state with what to do, worst first; at most five seconds old. A fresh look takes two to three seconds.",
      params: NO_PARAMETERS,
      query: z.strictObject({
        ...LIST_PARAMETERS,
        sort: z.literal('-state').optional().openapi({ description: 'Worst first.' }),
        part: textParameter('machine, data, ports, nats, questdb, engine, collector, api, live or clocks.'),
        state: z.enum(STATES).optional(),
      }),
      answer: listSchema(findingSchema).extend({ at: instantSchema, fail: z.int(), warn: z.int(), ok: z.int() }),
      csv: true,
      failures: [503],
    },
    async (c, { query }) => {
      const { at, findings } = await examine();
      const place = new Map(findings.map((one, i) => [one, String(i).padStart(4, '0')]));
      const page = pageOf<Finding>({
        items: findings.filter(
          ({ part, state }) =>
            (query.part === undefined || part === query.part) && (query.state === undefined || state === query.state),
        ),
        sort: { name: 'state', descending: false, key: ({ state }) => STATES.indexOf(state) },
        identity: (one) => place.get(one) ?? '',
        limit: query.limit,
        cursor: query.cursor,
      });
      const count = (wanted: Finding['state']): number => findings.filter(({ state }) => state === wanted).length;
      return listAnswer(c, {
        columns: FINDING_COLUMNS,
        next: page.next,
        total: page.total,
        texts: page.items.map((one) => JSON.stringify({ ...one, code: one.code ?? null })),
        more: { at: instantText(at), fail: count('fail'), warn: count('warn'), ok: count('ok') },
      });
    },
  );
}
