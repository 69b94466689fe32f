import { capital } from './action-text.ts';
import { AnswerState } from './answer-state.tsx';
import { api, firstPages } from './api.ts';
import { Choice } from './choice.tsx';
import { useNow } from './console-parts.ts';
import { CsvButton } from './csv-button.tsx';
import { timeText } from './format-time.ts';
import { integer } from './format-value.ts';
import { ROW } from './keyboard.ts';
import { LongRows } from './long-rows.tsx';
import { Notice } from './notice.tsx';
import { gpuPath, modelPath, setQuery, useAddress } from './router.ts';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 60_000;
const PAGE = 1_000;
const PAGES_MAX = 5;
const DAY_MS = 86_400_000;
const HEADS = ['When', 'Kind', 'Of', 'What', 'By', 'Detail'] as const;
const KINDS = ['asset', 'label', 'model'] as const;

/** What people have changed, newest first. */
export function ComplianceReport() {
  const now = useNow();
  const { query } = useAddress();
  const ask = (name: string): string => query.get(name) ?? '';
  const days = Number(ask('days')) || 90;
  const from = Math.floor((now - days * DAY_MS) / DAY_MS) * DAY_MS;
  const kind = KINDS.find((one) => one === ask('kind'));
  const asked = { from, ...(kind === undefined ? {} : { kind }) };
  const answered = useAnswer(
    (signal) =>
      firstPages(api.pages('/api/v1/reports/compliance', { query: { ...asked, limit: PAGE }, signal }), PAGES_MAX),
    { about: JSON.stringify(asked), every_ms: EVERY_MS },
  );
  const text = new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]));
  return (
    <section class="card" aria-labelledby="compliance-title" data-testid="compliance-report">
      <div class="head">
        <h2 id="compliance-title">
          What was changed{' '}
          <span class="quiet">{answered.value === null ? '' : integer(answered.value.first.total)}</span>
        </h2>
        <div class="grow" />
        <CsvButton
          pages={() => api.csv('/api/v1/reports/compliance', { query: { ...asked, limit: PAGE } })}
          name="changes.csv"
        />
        <a href={`/api/v1/reports/compliance.html?${text}`} target="_blank" rel="noopener">
          To print
        </a>
      </div>
      <div class="toolbar">
        <Choice
          name="Kind"
          value={ask('kind')}
          onChange={(kind) => setQuery({ kind })}
          options={[['', 'Any kind'], ...KINDS.map((kind): [string, string] => [kind, capital(kind)])]}
        />
        <Choice
          name="Time"
          value={String(days)}
          onChange={(next) => setQuery({ days: next === '90' ? '' : next })}
          options={[
            ['7', 'Last 7 days'],
            ['30', 'Last 30 days'],
            ['90', 'Last 90 days'],
            ['365', 'Last year'],
          ]}
        />
      </div>
      <AnswerState answered={answered} what="Changes" now={now}>
        {({ items, complete }) =>
          items.length === 0 ? (
            <Notice title="Nothing was changed">Nobody changed inventory, labels or models in this time.</Notice>
          ) : (
            <div class="table">
              <div class="scroll">
                <table aria-rowcount={items.length + 1}>
                  <caption class="hidden">Changes, newest first</caption>
                  <thead>
                    <tr>
                      {HEADS.map((head) => (
                        <th key={head} scope="col" class="plain">
                          {head}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <LongRows
                    rows={items}
                    columns={HEADS.length}
                    row={({ at, kind, subject, what, by, detail }, index) => (
                      <tr key={`${at} ${index}`} aria-rowindex={index + 2}>
                        <td class="quiet">{timeText(Date.parse(at), now)}</td>
                        <td>{kind}</td>
                        <td>
                          <a href={kind === 'model' ? modelPath('') : gpuPath(subject)} title={subject} {...ROW}>
                            {subject.slice(0, 24)}
                          </a>
                        </td>
                        <td>{what}</td>
                        <td>{by}</td>
                        <td class="what" title={detail}>
                          {detail}
                        </td>
                      </tr>
                    )}
                  />
                </table>
              </div>
              {!complete && (
                <p class="count" role="status">
                  The newest {integer(items.length)} are shown; a shorter time shows the others.
                </p>
              )}
            </div>
          )
        }
      </AnswerState>
    </section>
  );
}
