import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { useNow } from './console-parts.ts';
import { CsvButton } from './csv-button.tsx';
import { timeText } from './format-time.ts';
import { Notice } from './notice.tsx';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 60_000;
const SHOWN_MAX = 1_000;
const HEADS = ['Key', 'Whose', 'Role', 'Tenant', 'State', 'Made', 'Expires', 'Last used'] as const;

/** Who may call, without what would let anybody in. Keys are made and ended on the command line. */
export function KeyList() {
  const now = useNow();
  const answered = useAnswer((signal) => api.get('/api/v1/keys', { query: { limit: SHOWN_MAX }, signal }), {
    about: '',
    every_ms: EVERY_MS,
  });
  const time = (text: string | null, otherwise: string): string =>
    text === null ? otherwise : timeText(Date.parse(text), now);
  return (
    <section class="card" aria-label="Keys">
      <div class="toolbar">
        <p class="quiet">
          Made, turned and ended with <code>gpu-vitals keys create</code>, <code>rotate</code> and <code>revoke</code>.
        </p>
        <div class="grow" />
        <CsvButton pages={() => api.csv('/api/v1/keys', { query: { limit: SHOWN_MAX } })} name="keys.csv" />
      </div>
      <AnswerState answered={answered} what="Keys" now={now}>
        {({ items }) =>
          items.length === 0 ? (
            <div data-testid="no-key">
              <Notice title="There is no key">
                Everybody on this machine may do everything, and nobody from elsewhere anything.
              </Notice>
            </div>
          ) : (
            <div class="table">
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keys too */}
              <div class="scroll" tabIndex={0}>
                <table data-testid="keys">
                  <caption class="hidden">API keys</caption>
                  <Heads of={HEADS} />
                  <tbody>
                    {items.map((key) => (
                      <tr key={key.id} data-id={key.id} data-state={key.state}>
                        <td>
                          <code>{key.prefix}</code>
                        </td>
                        <td>{key.name}</td>
                        <td>
                          {key.role}
                          {key.scopes.length > 0 && `, only ${key.scopes.join(', ')}`}
                        </td>
                        <td>{key.tenant === '' ? 'all' : key.tenant}</td>
                        <td class={key.state === 'good' ? '' : 'quiet'}>
                          {key.state}
                          {key.previous_until !== null && ` (the one before until ${time(key.previous_until, '')})`}
                        </td>
                        <td class="quiet">{time(key.created_at, '')}</td>
                        <td class="quiet">{time(key.expires_at, 'never')}</td>
                        <td class="quiet">{time(key.last_used_at, 'never')}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </div>
          )
        }
      </AnswerState>
    </section>
  );
}

export function Heads({ of }: { readonly of: readonly string[] }) {
  return (
    <thead>
      <tr>
        {of.map((head) => (
          <th key={head} scope="col" class="plain">
            {head}
          </th>
        ))}
      </tr>
    </thead>
  );
}
