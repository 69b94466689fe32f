import type { GetOperations } from '../../client/api-client.ts';
import { AlertEntry } from './alert-entry.tsx';
import { type AlertFilter, alertMatches } from './alert-order.ts';
import { AnswerState } from './answer-state.tsx';
import type { AlertAnswer } from './answers.ts';
import { api } from './api.ts';
import { useFleet, useNow } from './console-parts.ts';
import { integer } from './format-value.ts';
import { Notice } from './notice.tsx';
import { setQuery, useAddress } from './router.ts';
import { spanStart } from './time-spans.ts';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 60_000;
const READ_MAX = 1_000;
const PAGE = 100;
const ASKED = ['severity', 'category', 'rule', 'node'] as const;
type AlertQuery = GetOperations['/api/v1/alerts']['query'];

/** Alerts that are over, newest first. */
export function AlertHistory({ filter, version }: { readonly filter: AlertFilter; readonly version: number }) {
  const fleet = useFleet();
  const now = useNow();
  const { query } = useAddress();
  const span = query.get('span') ?? '';
  const id = query.get('id') ?? '';
  const limit = Math.max(PAGE, Number(query.get('shown')) || PAGE);
  const from = spanStart(span, '7d', now);
  const equal: AlertQuery = Object.fromEntries(
    ASKED.flatMap((name) => (filter[name] === '' ? [] : [[name, filter[name]]])),
  );
  const answered = useAnswer(
    (signal) =>
      api.get('/api/v1/alerts', {
        query: { state: 'closed', ...equal, from: from ?? undefined, limit: READ_MAX },
        signal,
      }),
    { about: JSON.stringify({ ...equal, span }), hint: version, every_ms: EVERY_MS },
  );
  return (
    <AnswerState answered={{ ...answered, value: answered.current ? answered.value : null }} what="Alerts" now={now}>
      {({ items, total }) => {
        const shown = (items as readonly AlertAnswer[]).filter((alert) => alertMatches(alert, filter));
        return shown.length === 0 ? (
          <Notice title="Nothing in this time">No alert that fits was closed in it.</Notice>
        ) : (
          <>
            <ol class="stories" data-testid="closed-alerts">
              {shown.slice(0, limit).map((alert) => (
                <AlertEntry
                  key={alert.id}
                  alert={alert}
                  gpu={fleet.gpus.get(alert.gpu_uuid)}
                  opened={alert.id === id}
                  now={now}
                />
              ))}
            </ol>
            <p class="count" role="status">
              {shown.length > limit && `The newest ${integer(limit)} of ${integer(shown.length)}. `}
              {total > items.length && `${integer(items.length)} of ${integer(total)} were read. `}
              {shown.length > limit && (
                <button type="button" onClick={() => setQuery({ shown: String(limit + PAGE) })}>
                  Show more
                </button>
              )}
            </p>
          </>
        );
      }}
    </AnswerState>
  );
}
