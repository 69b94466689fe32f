import { useState } from 'preact/hooks';
import { ApiError, type PostOperations } from '../../client/api-client.ts';
import { api } from './api.ts';
import { timeText } from './format-time.ts';
import { integer } from './format-value.ts';
import { metricLabel } from './metric-label.ts';
import { setQuery } from './router.ts';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 10_000;
const READ_MAX = 100;

/** What was refused and why, with the way to send it again once the cause is mended. */
export function DeadLetters(props: { readonly reason: string; readonly refused: number; readonly now: number }) {
  const { reason, refused, now } = props;
  const [told, setTold] = useState('');
  const [doing, setDoing] = useState(false);
  const [done, setDone] = useState(0);
  const answered = useAnswer(
    async (signal) => {
      try {
        const query = { limit: READ_MAX, ...(reason === '' ? {} : { reason }) };
        return await api.get('/api/v1/dead-letters', { query, signal });
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    { about: `${reason} ${done}`, every_ms: EVERY_MS },
  );
  const letters = answered.value?.items ?? [];
  const retry = async (body: PostOperations['/api/v1/dead-letters/retry']['body']): Promise<void> => {
    setDoing(true);
    try {
      const { retried, skipped, more } = await api.post('/api/v1/dead-letters/retry', { body });
      const left = skipped === 0 ? '' : ` Left: ${integer(skipped)}, sent before or not to be sent.`;
      setTold(`Sent again: ${integer(retried)}.${left}${more ? ' There are more: press again.' : ''}`);
    } catch (error) {
      setTold((error as Error).message);
    }
    setDoing(false);
    setDone((before) => before + 1);
  };
  const reasons = Object.entries(answered.value?.by_reason ?? {});
  return (
    <section class="card table" aria-labelledby="dead-title" data-testid="dead-letters">
      <div class="head">
        <h2 id="dead-title">
          Dead letters{' '}
          <span class="quiet">
            {answered.value != null
              ? `${integer(answered.value.total)} kept`
              : `${integer(refused)} since the engine began`}
          </span>
        </h2>
        {reasons.map(([name, count]) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={reason === name}
            onClick={() => setQuery({ reason: reason === name ? '' : name })}
          >
            {metricLabel(name)} {integer(count)}
          </button>
        ))}
        <div class="grow" />
        {letters.length > 0 && (
          <button type="button" disabled={doing} onClick={() => retry(reason === '' ? { all: true } : { reason })}>
            {reason === '' ? 'Retry all' : `Retry all of ${metricLabel(reason).toLowerCase()}`}
          </button>
        )}
      </div>
      {told !== '' && (
        <p class="small" role="status" data-testid="retry-told">
          {told}
        </p>
      )}
      {answered.failure !== null && (
        <p class="warning small" role="status">
          They cannot be read just now ({answered.failure}). Trying again.
        </p>
      )}
      {answered.value === null && answered.read_at !== null ? (
        <p class="quiet empty">
          This installation lists them with <code>gpu-vitals dead-letters list</code>.
        </p>
      ) : answered.value === null ? (
        answered.failure === null && <p class="quiet empty">Asking.</p>
      ) : letters.length === 0 ? (
        <p class="quiet empty">
          {reason === '' ? 'Nothing was refused.' : 'Nothing of this kind. '}
          {reason !== '' && (
            <button type="button" onClick={() => setQuery({ reason: '' })}>
              All reasons
            </button>
          )}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keys where nothing is left to retry
        <div class="scroll" tabIndex={0}>
          <table>
            <caption class="hidden">What was refused</caption>
            <thead>
              <tr>
                {['When', 'Node', 'What', 'Reason', 'Refused by', 'In detail', 'Again'].map((head) => (
                  <th key={head} scope="col" class="plain">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {letters.map((letter) => (
                <tr key={letter.position}>
                  <td>{timeText(Date.parse(letter.ts), now)}</td>
                  <td>{letter.node}</td>
                  <td>{letter.level}</td>
                  <td title={letter.code}>{metricLabel(letter.reason)}</td>
                  <td class="quiet">{letter.step}</td>
                  <td class="what" title={letter.detail}>
                    {letter.detail}
                  </td>
                  <td>
                    {letter.retried_at == null ? (
                      <button
                        type="button"
                        class="plain-button"
                        disabled={doing}
                        aria-label={`Retry the one of ${letter.node} at ${timeText(Date.parse(letter.ts), now)}`}
                        onClick={() => retry({ positions: [letter.position] })}
                      >
                        Retry
                      </button>
                    ) : (
                      <span class="quiet">{timeText(Date.parse(letter.retried_at), now)}</span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
