import type { GetOperations } from '../../client/api-client.ts';
import { AnswerState } from './answer-state.tsx';
import { api, firstPages } from './api.ts';
import { Choice } from './choice.tsx';
import { useFleet, useNow } from './console-parts.ts';
import { CsvButton } from './csv-button.tsx';
import { dateText } from './format-time.ts';
import { integer } from './format-value.ts';
import { gpuName } from './incident-text.ts';
import { ROW } from './keyboard.ts';
import { LongRows } from './long-rows.tsx';
import { Notice } from './notice.tsx';
import { availabilityText, hoursText } from './report-rows.ts';
import { gpuPath, nodePath, setQuery, useAddress } from './router.ts';
import { SearchField } from './search-field.tsx';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 120_000;
const PAGE = 1_000;
const PAGES_MAX = 20;
const GROUPS = ['gpu', 'node', 'owner', 'tenant', 'cluster', 'rack', 'model', 'fleet', 'month'] as const;
const TARGETS = ['0.9', '0.99', '0.995', '0.999', '0.9999'];
const HEADS = [
  ...['GPUs', 'In service, h', 'Down, h', 'Availability', 'Target', 'Breaches', 'Failures'],
  ...['Repair, h', 'Between failures, h', 'Down now'],
];

type AvailabilityQuery = GetOperations['/api/v1/reports/availability']['query'];

/** Uptime, outages and breaches of a month. */
export function AvailabilityReport() {
  const fleet = useFleet();
  const now = useNow();
  const { query } = useAddress();
  const ask = (name: string): string => query.get(name) ?? '';
  const by = GROUPS.find((one) => one === ask('by')) ?? 'node';
  const sla = TARGETS.includes(ask('sla')) ? ask('sla') : '0.995';
  const sort = ask('sort') || 'availability';
  const table = { by, sla, ...(ask('month') === '' ? {} : { month: ask('month') }) };
  const narrowed = { ...(ask('met') === '' ? {} : { met: ask('met') }), ...(ask('q') === '' ? {} : { q: ask('q') }) };
  const asked = { ...table, ...narrowed, sort, sla: Number(sla) } as AvailabilityQuery;
  const answered = useAnswer(
    (signal) =>
      firstPages(api.pages('/api/v1/reports/availability', { query: { ...asked, limit: PAGE }, signal }), PAGES_MAX),
    { about: JSON.stringify(asked), every_ms: EVERY_MS },
  );
  const month = ask('month') || (answered.value?.first.month ?? '');
  return (
    <section class="card" aria-labelledby="availability-title" data-testid="availability-report">
      <div class="head">
        <h2 id="availability-title">
          Availability{' '}
          {answered.value !== null && (
            <span class="quiet">
              {dateText(Date.parse(answered.value.first.from))} to {dateText(Date.parse(answered.value.first.to))}
            </span>
          )}
        </h2>
        <div class="grow" />
        <CsvButton
          pages={() => api.csv('/api/v1/reports/availability', { query: { ...asked, limit: PAGE } })}
          name={`availability-${month}-${by}.csv`}
        />
        <a
          href={`/api/v1/reports/availability.html?${new URLSearchParams(table)}`}
          target="_blank"
          rel="noopener"
          data-testid="availability-print"
        >
          To print
        </a>
      </div>
      <div class="toolbar">
        <label class="month">
          <span class="hidden">Month</span>
          <input
            type="month"
            value={month}
            onInput={(event) => setQuery({ month: event.currentTarget.value })}
            aria-label="Month"
          />
        </label>
        <Choice
          name="By"
          value={by}
          onChange={(next) => setQuery({ by: next })}
          options={GROUPS.map((one): [string, string] => [one, `By ${one === 'gpu' ? 'GPU' : one}`])}
        />
        <Choice
          name="Target"
          value={sla}
          onChange={(next) => setQuery({ sla: next })}
          options={TARGETS.map((one): [string, string] => [one, `Target ${Number((Number(one) * 100).toFixed(2))} %`])}
        />
        <Choice
          name="Met"
          value={ask('met')}
          onChange={(met) => setQuery({ met })}
          options={[
            ['', 'Met or missed'],
            ['false', 'Missed'],
            ['true', 'Met'],
          ]}
        />
        <Choice
          name="Order"
          value={sort}
          onChange={(next) => setQuery({ sort: next === 'availability' ? '' : next })}
          options={[
            ['availability', 'Worst first'],
            ['-down_hours', 'Longest down first'],
            ['-failures', 'Most failures first'],
            ['group', 'By name'],
          ]}
        />
        <SearchField
          label="Search groups"
          placeholder="Part of the name"
          value={ask('q')}
          onInput={(q) => setQuery({ q })}
        />
      </div>
      <AnswerState
        answered={{ ...answered, value: answered.current ? answered.value : null }}
        what="Availability"
        now={now}
      >
        {({ items, first }) =>
          items.length === 0 ? (
            <Notice title="Nothing to tell">
              {Object.keys(narrowed).length > 0 ? 'No group matches.' : 'No board was in service in this time.'}
            </Notice>
          ) : (
            <div class="table" data-testid="availability-table">
              <div class="scroll">
                <table aria-rowcount={items.length + 1}>
                  <caption class="hidden">Availability by {by}</caption>
                  <thead>
                    <tr>
                      <th scope="col" class="plain">
                        {by === 'gpu' ? 'GPU' : by}
                      </th>
                      {HEADS.map((head) => (
                        <th key={head} scope="col" class="plain number">
                          {head}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <LongRows
                    rows={items}
                    columns={HEADS.length + 1}
                    row={(row, index) => (
                      <tr key={`${row.month} ${row.group}`} aria-rowindex={index + 2} data-group={row.group}>
                        <td>
                          {by === 'gpu' ? (
                            <a href={gpuPath(row.group)} title={row.group} {...ROW}>
                              {gpuName(fleet.gpus.get(row.group), row.group)}
                            </a>
                          ) : by === 'node' && row.group !== '' ? (
                            <a href={nodePath(row.group)} {...ROW}>
                              {row.group}
                            </a>
                          ) : (
                            row.group || 'not known'
                          )}
                        </td>
                        <td class="number">{integer(row.gpus)}</td>
                        <td class="number">{hoursText(row.in_service_hours)}</td>
                        <td class="number">{hoursText(row.down_hours)}</td>
                        <td class="number">{availabilityText(row.availability)}</td>
                        <td class={`number ${row.met === false ? 'critical' : ''}`}>
                          {row.met === null ? 'n/a' : row.met ? 'met' : 'missed'}
                        </td>
                        <td class="number">{integer(row.breaches)}</td>
                        <td class="number">{integer(row.failures)}</td>
                        <td class="number">{hoursText(row.mttr_hours)}</td>
                        <td class="number">{hoursText(row.mtbf_hours)}</td>
                        <td class="number">{integer(row.down_now)}</td>
                      </tr>
                    )}
                  />
                </table>
              </div>
              {first.total > items.length && (
                <p class="count" role="status">
                  {integer(items.length)} of {integer(first.total)} are shown; the CSV pages have all.
                </p>
              )}
            </div>
          )
        }
      </AnswerState>
    </section>
  );
}
