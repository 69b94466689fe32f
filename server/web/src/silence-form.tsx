import { useState } from 'preact/hooks';
import type { SilencePreview } from '../../client/api-client.ts';
import { api } from './api.ts';
import { integer } from './format-value.ts';
import { keepMyName, myName } from './my-name.ts';
import { Segmented } from './segmented.tsx';
import { SeverityBadge } from './severity-badge.tsx';
import { LENGTHS, type Matcher, type TypedMatcher, typedMatchers } from './silence-text.ts';
import { TextField } from './text-field.tsx';
import { useAnswer } from './use-answer.ts';
import { useSaying } from './use-saying.ts';

const FIELDS = [
  ...['rule', 'severity', 'category', 'node', 'gpu_uuid', 'model'],
  ...['cluster', 'rack', 'owner', 'tenant', 'job'],
] as const;
const PREVIEW_EVERY_MS = 10_000;
const SHOWN_MAX = 5;
const UNTIL = 'until';

/** Begins a silence or plans a maintenance window; shows beforehand what it would hit. */
export function SilenceForm(props: {
  readonly kind: 'silence' | 'maintenance';
  readonly matchers: readonly Matcher[];
  readonly onDone: () => void;
  readonly onLeave: (() => void) | null;
}) {
  const [kind, setKind] = useState(props.kind);
  const [rows, setRows] = useState<readonly TypedMatcher[]>(() =>
    props.matchers.length === 0
      ? [{ field: 'node', not: false, text: '' }]
      : props.matchers.map(({ field, values, not = false }) => ({ field, not, text: values.join(', ') })),
  );
  const [length, setLength] = useState('1 hour');
  const [starts, setStarts] = useState('');
  const [ends, setEnds] = useState('');
  const [by, setBy] = useState(myName);
  const [note, setNote] = useState('');
  const saying = useSaying();
  const matchers = typedMatchers(rows);
  const change = (at: number, changes: Partial<TypedMatcher>): void =>
    setRows(rows.map((row, i) => (i === at ? { ...row, ...changes } : row)));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const starts_at = starts === '' ? Date.now() : Date.parse(starts);
    const ms = LENGTHS.find(([text]) => text === length)?.[1];
    const done = await saying.say(() =>
      api.post('/api/v1/silences', {
        body: {
          kind,
          matchers,
          ...(starts === '' ? {} : { starts_at }),
          ends_at: ms === undefined ? Date.parse(ends) : starts_at + ms,
          by: by.trim(),
          note: note.trim(),
        },
      }),
    );
    if (!done) return;
    keepMyName(by.trim());
    props.onDone();
  };
  return (
    <form class="entry-form silence-form" aria-label="Silence" data-testid="silence-form" onSubmit={submit}>
      <div class="wide line">
        <Segmented
          name="Kind"
          value={kind}
          options={[
            ['silence', 'Silence'],
            ['maintenance', 'Maintenance window'],
          ]}
          onChange={(next) => setKind(next as typeof kind)}
        />
        <span class="quiet small">
          {kind === 'silence'
            ? 'Alerts that fit are told to nobody meanwhile.'
            : 'The same, and reports do not count its time as an outage.'}
        </span>
      </div>
      <fieldset class="wide matchers" aria-label="Alerts that fit all of these">
        {rows.map((row, i) => (
          <div key={i} class="matcher">
            <select
              aria-label={`Field ${i + 1}`}
              value={row.field}
              onChange={(event) => change(i, { field: event.currentTarget.value as Matcher['field'] })}
            >
              {FIELDS.map((field) => (
                <option key={field} value={field}>
                  {field}
                </option>
              ))}
            </select>
            <select
              aria-label={`Comparison ${i + 1}`}
              value={row.not ? 'not' : 'is'}
              onChange={(event) => change(i, { not: event.currentTarget.value === 'not' })}
            >
              <option value="is">is</option>
              <option value="not">is not</option>
            </select>
            <input
              aria-label={`Value ${i + 1}`}
              value={row.text}
              placeholder="One, or several with commas; * for any text"
              maxLength={2_000}
              onInput={(event) => change(i, { text: event.currentTarget.value })}
            />
            {rows.length > 1 && (
              <button
                type="button"
                aria-label={`Remove comparison ${i + 1}`}
                onClick={() => setRows(rows.filter((_, other) => other !== i))}
              >
                ×
              </button>
            )}
          </div>
        ))}
        <button
          type="button"
          class="plain-button"
          onClick={() => setRows([...rows, { field: 'rule', not: false, text: '' }])}
        >
          And…
        </button>
        {saying.wrong('matchers') !== '' && (
          <p class="critical small" role="alert">
            {saying.wrong('matchers')}
          </p>
        )}
      </fieldset>
      <div class="wide line">
        <Segmented
          name="How long"
          value={length}
          options={[...LENGTHS.map(([text]): [string, string] => [text, text]), [UNTIL, 'Until…']]}
          onChange={setLength}
        />
      </div>
      <TextField
        label="From (empty: now)"
        type="datetime-local"
        value={starts}
        onInput={setStarts}
        wrong={saying.wrong('starts_at')}
      />
      {length === UNTIL ? (
        <TextField
          label="Until"
          type="datetime-local"
          value={ends}
          onInput={setEnds}
          wrong={saying.wrong('ends_at')}
          required
        />
      ) : (
        saying.wrong('ends_at') !== '' && (
          <p class="critical small" role="alert">
            {saying.wrong('ends_at')}
          </p>
        )
      )}
      <TextField label="Your name" value={by} onInput={setBy} wrong={saying.wrong('by')} max_length={128} required />
      <TextField label="Why" value={note} onInput={setNote} wrong={saying.wrong('note')} max_length={2_000} wide />
      <Preview matchers={matchers} />
      <div class="buttons">
        <button type="submit" class="act" disabled={saying.busy || matchers.length === 0 || by.trim() === ''}>
          {kind === 'silence' ? 'Begin the silence' : 'Plan the maintenance'}
        </button>
        {props.onLeave !== null && (
          <button type="button" onClick={props.onLeave}>
            Leave it
          </button>
        )}
      </div>
      {saying.failure !== '' && (
        <p class="critical wide" role="alert">
          {saying.failure}
        </p>
      )}
    </form>
  );
}

function Preview({ matchers }: { readonly matchers: readonly Matcher[] }) {
  const hit = useAnswer<SilencePreview>(
    async () =>
      matchers.length === 0 ? { total: 0, items: [] } : api.post('/api/v1/silences/preview', { body: { matchers } }),
    { about: JSON.stringify(matchers), every_ms: PREVIEW_EVERY_MS },
  );
  if (matchers.length === 0) return <p class="quiet wide">Say which alerts it is about.</p>;
  if (hit.value === null) return <p class="quiet wide">{hit.failure ?? 'Looking what it would hit.'}</p>;
  const { total, items } = hit.value;
  return (
    <div class="wide" data-testid="silence-preview" aria-live="polite">
      <p class={hit.current ? '' : 'quiet'}>
        {total === 0
          ? 'No open alert fits; those to come will.'
          : `Hits ${integer(total)} open alert${total === 1 ? '' : 's'}${total > SHOWN_MAX ? `, such as` : ''}:`}
      </p>
      <ul class="hits">
        {items.slice(0, SHOWN_MAX).map(({ id, severity, summary }) => (
          <li key={id}>
            <SeverityBadge severity={severity} /> {summary}
          </li>
        ))}
      </ul>
    </div>
  );
}
