import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { useNow } from './console-parts.ts';
import { setQuery, useAddress } from './router.ts';
import { RuleEntry } from './rule-entry.tsx';
import { SearchField } from './search-field.tsx';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 300_000;

/** The alert rules in the order in which they count. */
export function RuleList() {
  const now = useNow();
  const { query } = useAddress();
  const q = query.get('q') ?? '';
  const opened = query.get('rule') ?? '';
  const answered = useAnswer((signal) => api.get('/api/v1/alert-rules', { query: { limit: 1_000 }, signal }), {
    about: '',
    every_ms: EVERY_MS,
  });
  return (
    <section class="card" aria-label="Alert rules">
      <p class="quiet">
        Of the rules for one table the first that fits counts. Change one to see what it would have told; nothing is
        changed here.
      </p>
      <div class="toolbar">
        <SearchField
          label="Search rules"
          placeholder="Name, table or field"
          value={q}
          onInput={(text) => setQuery({ q: text })}
        />
      </div>
      <AnswerState answered={answered} what="Rules" now={now}>
        {({ items }) => (
          <ol class="stories" data-testid="rules">
            {items
              .filter((rule) => rule.name === opened || JSON.stringify(rule).toLowerCase().includes(q.toLowerCase()))
              .map((rule) => (
                <RuleEntry key={rule.name} rule={rule} opened={rule.name === opened} now={now} />
              ))}
          </ol>
        )}
      </AnswerState>
    </section>
  );
}
