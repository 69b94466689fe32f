import { useState } from 'preact/hooks';
import { ACTION_TEXT, capital } from './action-text.ts';
import { AlertActs } from './alert-acts.tsx';
import { placeLink, placeText, sourceLink } from './alert-place.ts';
import type { AlertAnswer } from './answers.ts';
import { api } from './api.ts';
import { timeText } from './format-time.ts';
import { duration } from './format-value.ts';
import type { NamedGpu } from './incident-text.ts';
import { alertPath, assetPath, silencePath } from './router.ts';
import { SilenceForm } from './silence-form.tsx';
import type { Matcher } from './silence-text.ts';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 30_000;

/** What, where, how bad, since when, what to do; what happened to it, and what one can do with it. */
export function AlertDetail(props: {
  readonly alert: AlertAnswer;
  readonly gpu: NamedGpu | undefined;
  readonly now: number;
}) {
  const { alert, gpu, now } = props;
  const { id, severity, rule, category, opened_at, closed_at, action, action_text, handling_note } = alert;
  const [silencing, setSilencing] = useState(false);
  const [acts, setActs] = useState(0);
  const version = `${severity} ${alert.acknowledged_at} ${alert.assigned_to} ${handling_note} ${acts}`;
  const told = useAnswer((signal) => api.get('/api/v1/alerts/{id}', { params: { id }, signal }), {
    about: `${id} ${version}`,
    every_ms: EVERY_MS,
  });
  const link = placeLink(alert);
  const source = sourceLink(alert);
  const todo = action_text || (action === 'none' ? '' : ACTION_TEXT[action]);
  const lasted = ((closed_at === null ? now : Date.parse(closed_at)) - Date.parse(opened_at)) / 1_000;
  const facts: readonly (readonly [string, string])[] = [
    ['How bad', `${severity}, ${category}`],
    [closed_at === null ? 'Since' : 'Lasted', `${timeText(Date.parse(opened_at), now)}, ${duration(lasted)}`],
    ['Rule', rule],
    ['Model', alert.model],
    ['Rack', alert.rack],
    ['Cluster', alert.cluster],
    ['Owner', alert.owner],
    ['Tenant', alert.tenant],
    ['Job', alert.job],
    ['Assigned to', alert.assigned_to],
  ];
  return (
    <div class="opened" data-testid="alert-detail">
      <p>{alert.summary}</p>
      {todo !== '' && <p class="todo">{todo}</p>}
      <dl class="facts-line">
        <div>
          <dt>Where</dt>
          <dd>{link === null ? placeText(alert, gpu) : <a href={link}>{placeText(alert, gpu)}</a>}</dd>
        </div>
        {facts
          .filter(([, text]) => text !== '')
          .map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        <div>
          <dt>Follows from</dt>
          <dd>
            <a href={source.href}>{source.text}</a>
          </dd>
        </div>
      </dl>
      <QuietBecause alert={alert} />
      {handling_note !== '' && <p class="note-text">{handling_note}</p>}
      {told.failure !== null && <p class="quiet small">Its history cannot be read just now ({told.failure}).</p>}
      {told.value !== null && (
        <ol class="changes" data-testid="alert-changes">
          {told.value.changes.map((change) => (
            <li key={`${change.at} ${change.what}`}>
              <time dateTime={change.at} class="quiet">
                {timeText(Date.parse(change.at), now)}
              </time>
              <span>
                {capital(change.what)}
                {change.severity === null ? '' : ` as ${change.severity}`}
                {change.what === 'assigned' && ` to ${change.to || 'nobody'}`}
                {change.by === '' ? '' : ` by ${change.by}`}
                {change.note === '' ? '' : `: ${change.note}`}
              </span>
            </li>
          ))}
        </ol>
      )}
      {alert.state === 'open' && (
        <>
          <AlertActs key={alert.assigned_to} alert={alert} onDone={() => setActs((count) => count + 1)} />
          {silencing ? (
            <SilenceForm
              kind="silence"
              matchers={matchersOf(alert)}
              onDone={() => setSilencing(false)}
              onLeave={() => setSilencing(false)}
            />
          ) : (
            <div>
              <button type="button" onClick={() => setSilencing(true)}>
                Silence it…
              </button>
            </div>
          )}
        </>
      )}
    </div>
  );
}

/** The rule, on the GPU or node that it is about. */
function matchersOf({ rule, gpu_uuid, node }: AlertAnswer): Matcher[] {
  const matchers: Matcher[] = [{ field: 'rule', values: [rule], not: false }];
  if (gpu_uuid !== '') matchers.push({ field: 'gpu_uuid', values: [gpu_uuid], not: false });
  else if (node !== '') matchers.push({ field: 'node', values: [node], not: false });
  return matchers;
}

function QuietBecause({ alert: { silenced_by, inhibited_by, gpu_uuid } }: { readonly alert: AlertAnswer }) {
  if (silenced_by === '' && inhibited_by === '') return null;
  return (
    <p class="quiet" data-testid="quiet-because">
      Nobody is told of it:{' '}
      {silenced_by === 'asset' ? (
        <>
          the inventory has it in maintenance (<a href={assetPath(gpu_uuid)}>the asset</a>)
        </>
      ) : (
        silenced_by !== '' && <a href={silencePath(silenced_by)}>a silence holds</a>
      )}
      {silenced_by !== '' && inhibited_by !== '' && ', and '}
      {inhibited_by !== '' && <a href={alertPath(inhibited_by)}>another alert explains it</a>}.
    </p>
  );
}
