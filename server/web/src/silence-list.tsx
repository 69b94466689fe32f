import { useState } from 'preact/hooks';
import type { Silence } from '../../client/api-client.ts';
import { capital } from './action-text.ts';
import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { Choice } from './choice.tsx';
import { Confirmed } from './confirmed.tsx';
import { useNow } from './console-parts.ts';
import { CsvButton } from './csv-button.tsx';
import { timeText } from './format-time.ts';
import { duration, integer } from './format-value.ts';
import { ROW } from './keyboard.ts';
import { myName } from './my-name.ts';
import { Notice } from './notice.tsx';
import { setQuery, useAddress } from './router.ts';
import { SilenceForm } from './silence-form.tsx';
import { matcherText } from './silence-text.ts';
import { useAnswer } from './use-answer.ts';
import { useSaying } from './use-saying.ts';

const EVERY_MS = 15_000;
const SHOWN_MAX = 500;
const HOUR_MS = 3_600_000;
const STATES = ['active', 'pending', 'expired'] as const;

/** Silences and maintenance windows: those that hold, those to come, and those that are over. */
export function SilenceList() {
  const now = useNow();
  const { query } = useAddress();
  const [done, setDone] = useState(0);
  const [making, setMaking] = useState(false);
  const state = query.get('silence') ?? '';
  const chosen = query.get('id') ?? '';
  const asked = { limit: SHOWN_MAX, state: STATES.find((one) => one === state) };
  const answered = useAnswer((signal) => api.get('/api/v1/silences', { query: asked, signal }), {
    about: `${state} ${done}`,
    every_ms: EVERY_MS,
  });
  const again = (): void => setDone((count) => count + 1);
  return (
    <section class="card" aria-label="Silences and maintenance windows">
      <div class="toolbar">
        <Choice
          name="State"
          value={state}
          onChange={(next) => setQuery({ silence: next })}
          options={[
            ['', 'Now and to come'],
            ['active', 'Now'],
            ['pending', 'To come'],
            ['expired', 'Over'],
            ['all', 'All'],
          ]}
        />
        <div class="grow" />
        <CsvButton pages={() => api.csv('/api/v1/silences', { query: { limit: 1_000 } })} name="silences.csv" />
        {!making && (
          <button type="button" onClick={() => setMaking(true)}>
            New silence or maintenance…
          </button>
        )}
      </div>
      {making && (
        <SilenceForm
          kind="maintenance"
          matchers={[]}
          onLeave={() => setMaking(false)}
          onDone={() => {
            setMaking(false);
            again();
          }}
        />
      )}
      <AnswerState answered={answered} what="Silences" now={now}>
        {({ items }) => {
          const shown = items.filter((one) => state !== '' || one.state !== 'expired' || one.id === chosen);
          return shown.length === 0 ? (
            <div data-testid="no-silence">
              <Notice title="Nothing is silenced">
                Alerts can be silenced from where they are shown, and maintenance can be planned here.
              </Notice>
            </div>
          ) : (
            <ol class="stories silences" data-testid="silences">
              {shown.map((one) => (
                <Entry key={one.id} silence={one} chosen={one.id === chosen} now={now} onDone={again} />
              ))}
            </ol>
          );
        }}
      </AnswerState>
    </section>
  );
}

function Entry(props: {
  readonly silence: Silence;
  readonly chosen: boolean;
  readonly now: number;
  readonly onDone: () => void;
}) {
  const { silence, chosen, now, onDone } = props;
  const { id, kind, state, matchers, starts_at, ends_at, created_by, changed_by, comment, open_alerts } = silence;
  const saying = useSaying();
  const params = { id };
  const by = myName() || created_by;
  const extend = (ms: number) => async (): Promise<void> => {
    const body = { by, ends_at: Math.max(now, Date.parse(ends_at)) + ms };
    if (await saying.say(() => api.patch('/api/v1/silences/{id}', { params, body }))) onDone();
  };
  const [starts, ends] = [Date.parse(starts_at), Date.parse(ends_at)];
  const when =
    state === 'pending'
      ? `from ${timeText(starts, now)} to ${timeText(ends, now)}`
      : state === 'active'
        ? `until ${timeText(ends, now)}, ${duration((ends - now) / 1_000)} left`
        : `was over ${timeText(ends, now)}`;
  return (
    <li class={`silence ${state} ${chosen ? 'chosen' : ''}`} data-id={id} data-state={state}>
      <div class="line">
        <b>{matchers.map(matcherText).join(', ')}</b>
        <span class="quiet">
          {capital(kind)}, {when}
        </span>
        <span class="quiet age">
          {integer(open_alerts)} open alert{open_alerts === 1 ? '' : 's'} fit{open_alerts === 1 ? 's' : ''}
        </span>
      </div>
      <p class="quiet">
        by {created_by}
        {changed_by === '' ? '' : `, changed by ${changed_by}`}
        {comment === '' ? '' : `: ${comment}`}
      </p>
      {state !== 'expired' && (
        <div class="line">
          <button type="button" disabled={saying.busy} onClick={extend(HOUR_MS)} {...ROW}>
            One hour more
          </button>
          <button type="button" disabled={saying.busy} onClick={extend(24 * HOUR_MS)}>
            One day more
          </button>
          <Confirmed
            label="End it now"
            question="What is still open is told then."
            onConfirm={async (why) => {
              await api.post('/api/v1/silences/{id}/expire', { params, body: { by, note: why } });
              onDone();
            }}
          />
        </div>
      )}
      {saying.failure !== '' && (
        <p class="critical" role="alert">
          {saying.failure}
        </p>
      )}
    </li>
  );
}
