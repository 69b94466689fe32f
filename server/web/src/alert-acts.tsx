import { useState } from 'preact/hooks';
import type { AlertAnswer } from './answers.ts';
import { api } from './api.ts';
import { useConsole } from './console-parts.ts';
import { keepMyName, myName } from './my-name.ts';
import { TextField } from './text-field.tsx';
import { useSaying } from './use-saying.ts';

/** What a person can do with an alert: take notice, give it to somebody, write something down. */
export function AlertActs({ alert, onDone }: { readonly alert: AlertAnswer; readonly onDone: () => void }) {
  const { alerts } = useConsole();
  const [by, setBy] = useState(myName);
  const [to, setTo] = useState(alert.assigned_to);
  const [note, setNote] = useState('');
  const saying = useSaying();
  const noticed = alert.acknowledged_at !== null;
  const act = async (what: 'acknowledge' | 'unacknowledge' | 'assign'): Promise<void> => {
    const done = await saying.say(async () => {
      const params = { id: alert.id };
      const body = { by: by.trim(), note: note.trim() };
      const told =
        what === 'assign'
          ? await api.post('/api/v1/alerts/{id}/assign', { params, body: { ...body, to: to.trim() } })
          : await api.post(`/api/v1/alerts/{id}/${what}`, { params, body });
      alerts.take(told as AlertAnswer);
    });
    if (!done) return;
    keepMyName(by.trim());
    setNote('');
    onDone();
  };
  const anonymous = by.trim() === '' || saying.busy;
  return (
    <form
      class="entry-form"
      aria-label="What you do with it"
      data-testid="alert-acts"
      onSubmit={(event) => {
        event.preventDefault();
        void act(noticed ? 'assign' : 'acknowledge');
      }}
    >
      <TextField label="Your name" value={by} onInput={setBy} wrong={saying.wrong('by')} max_length={128} required />
      <TextField label="Assigned to" value={to} onInput={setTo} wrong={saying.wrong('to')} max_length={128} />
      <TextField label="Note" value={note} onInput={setNote} wrong={saying.wrong('note')} max_length={2_000} wide />
      <div class="buttons">
        {noticed ? (
          <button type="button" disabled={anonymous} onClick={() => act('unacknowledge')}>
            Take the acknowledgement back
          </button>
        ) : (
          <button type="submit" class="act" disabled={anonymous}>
            Acknowledge
          </button>
        )}
        <button
          type="button"
          disabled={anonymous || (to.trim() === alert.assigned_to && note.trim() === '')}
          onClick={() => act('assign')}
        >
          {to.trim() === alert.assigned_to ? 'Save the note' : 'Assign'}
        </button>
      </div>
      {saying.failure !== '' && (
        <p class="critical wide" role="alert">
          {saying.failure}
        </p>
      )}
    </form>
  );
}
