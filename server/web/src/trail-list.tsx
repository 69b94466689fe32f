import { useState } from 'preact/hooks';
import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { useNow } from './console-parts.ts';
import { CsvButton } from './csv-button.tsx';
import { timeText } from './format-time.ts';
import { integer } from './format-value.ts';
import { Heads } from './key-list.tsx';
import { Notice } from './notice.tsx';
import { setQuery, useAddress } from './router.ts';
import { SearchField } from './search-field.tsx';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 15_000;
const STEP = 100;
const SHOWN_MAX = 1_000;
const PAGE = 1_000;
const HEADS = ['When', 'Who', 'From', 'Did', 'To', 'Came of it', 'Asked for'] as const;

/** Who changed what, when and from where: newest first, and nothing is ever taken out. */
export function TrailList() {
  const now = useNow();
  const { query } = useAddress();
  const [shown, setShown] = useState(STEP);
  const by = query.get('by') ?? '';
  const asked = { limit: shown, ...(by === '' ? {} : { by }) };
  const answered = useAnswer((signal) => api.get('/api/v1/audit', { query: asked, signal }), {
    about: `${by} ${shown}`,
    every_ms: EVERY_MS,
  });
  return (
    <section class="card" aria-label="Audit trail">
      <div class="toolbar">
        <SearchField
          label="By whom"
          placeholder="Name of a key, whole"
          value={by}
          onInput={(text) => setQuery({ by: text })}
        />
        <div class="grow" />
        <CsvButton pages={() => api.csv('/api/v1/audit', { query: { limit: PAGE } })} name="audit.csv" />
      </div>
      <AnswerState answered={answered} what="The trail" now={now}>
        {({ items, next, total }) =>
          items.length === 0 ? (
            <div data-testid="no-entry">
              <Notice title="Nothing was done">
                {by === '' ? 'Changes are written down here.' : `Nobody named ${by} has changed anything.`}
              </Notice>
            </div>
          ) : (
            <>
              <div class="table">
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keys too */}
                <div class="scroll" tabIndex={0}>
                  <table data-testid="trail">
                    <caption class="hidden">Who did what</caption>
                    <Heads of={HEADS} />
                    <tbody>
                      {items.map((one) => (
                        <tr key={one.position} data-position={one.position}>
                          <td title={one.at}>{timeText(Date.parse(one.at), now)}</td>
                          <td title={[one.role, one.tenant].filter(Boolean).join(', ')}>{one.by || 'no key'}</td>
                          <td class="quiet">{one.origin}</td>
                          <td>
                            <code>{one.action}</code>
                          </td>
                          <td class="what" title={one.target}>
                            {one.target}
                          </td>
                          <td class={isDone(one.status) ? '' : 'critical'}>
                            {isDone(one.status) ? 'done' : `refused, ${one.status}`}
                          </td>
                          <td class="what quiet" title={one.detail}>
                            {one.detail}
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </div>
              </div>
              <p class="quiet">
                {integer(items.length)} of {integer(total)} entries.{' '}
                {next !== null && shown < SHOWN_MAX && (
                  <button type="button" onClick={() => setShown(Math.min(SHOWN_MAX, shown + STEP))}>
                    More
                  </button>
                )}
              </p>
            </>
          )
        }
      </AnswerState>
    </section>
  );
}

/** Of a command 0 is done and 1 failed; else an HTTP status. */
const isDone = (status: number): boolean => status === 0 || (status >= 200 && status < 300);
