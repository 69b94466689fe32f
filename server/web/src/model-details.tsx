import type { ModelDetail } from '../../client/api-client.ts';
import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { dateText, timeText } from './format-time.ts';
import { decimal, integer } from './format-value.ts';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 60_000;
const CAUSES: Readonly<Record<NonNullable<ModelDetail['lineage']['trigger']>['what'], string>> = {
  asked: 'somebody asked',
  schedule: 'it was time',
  prediction: 'predictions drifted',
  loss: 'errors rose',
  features: 'the features moved',
};

/** Where a version comes from, its data card as it was written, and what happened to its aliases. */
export function ModelDetails({ version, now }: { readonly version: string; readonly now: number }) {
  const answered = useAnswer((signal) => api.get('/api/v1/models/{version}', { params: { version }, signal }), {
    about: version,
    every_ms: EVERY_MS,
  });
  return (
    <section class="model-details" aria-label={`Version ${version}`} data-testid="model-details">
      <AnswerState answered={answered} what={`Version ${version}`} now={now}>
        {(model) => <Details model={model} now={now} />}
      </AnswerState>
    </section>
  );
}

function Details({ model, now }: { readonly model: ModelDetail; readonly now: number }) {
  const { lineage, metrics, card, history, sha256, size_bytes, parent_version } = model;
  const { data_from, data_to, rows, gpus, positives, feature_version, seed, commit, params, trigger } = lineage;
  const count = (value: number | null): string => (value === null ? '' : integer(value));
  const facts: readonly (readonly [string, string])[] = [
    ['Trained because', trigger === null ? '' : CAUSES[trigger.what] + (trigger.why === '' ? '' : `: ${trigger.why}`)],
    ['Data', data_from === null || data_to === null ? '' : `${day(data_from)} to ${day(data_to)}`],
    ['Rows', count(rows)],
    ['GPUs', count(gpus)],
    ['Failures', count(positives)],
    ['Features, version', feature_version ?? ''],
    ['Seed', seed === null ? '' : String(seed)],
    ['Sources', commit ?? ''],
    ['Follows', parent_version === null ? '' : `version ${parent_version}`],
    ['Size', size_bytes === null ? '' : `${decimal(size_bytes / 1e6, 2)} MB`],
    ['SHA-256', sha256 ?? ''],
    ...Object.entries(params).map(([name, value]): [string, string] => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
    ...Object.entries(metrics).map(([name, value]): [string, string] => [name, String(Number(value.toPrecision(4)))]),
  ];
  const known = facts.filter(([, text]) => text !== '');
  return (
    <div class="card">
      <h2>
        {model.version === model.name ? model.name : `${model.name} ${model.version}`}{' '}
        <span class="quiet">where it comes from</span>
      </h2>
      {known.length > 0 && (
        <dl class="pairs lineage">
          {known.map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class={name === 'SHA-256' ? 'code' : ''}>{text}</dd>
            </div>
          ))}
        </dl>
      )}
      <h3>Card</h3>
      {card === '' ? (
        <p class="quiet">It has none.</p>
      ) : (
        <pre class="card-text" data-testid="model-card">
          {card}
        </pre>
      )}
      <h3>What happened to its aliases</h3>
      {history.length === 0 ? (
        <p class="quiet">No alias has ever pointed to it.</p>
      ) : (
        <ol class="history" data-testid="model-history">
          {history.map(({ at, alias, from, to, by, why }) => (
            <li key={`${at} ${alias}`}>
              <time class="quiet" dateTime={at}>
                {timeText(Date.parse(at), now)}
              </time>{' '}
              {alias}: {from ?? 'none'} → {to ?? 'none'}, by {by}
              {why !== '' && `: ${why}`}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

const day = (text: string): string => dateText(Date.parse(text));
