import type { Model, ModelPerformance } from '../../client/api-client.ts';
import { Confirmed } from './confirmed.tsx';
import { timeText } from './format-time.ts';
import { decimal, integer, percent } from './format-value.ts';
import { OriginBadge } from './origin-badge.tsx';
import { modelPath } from './router.ts';

const METRICS_SHOWN = 6;
const CHAMPION = 'champion';

/** One version at a look: its part, what it learned from, how good it was then and has been since. */
export function ModelEntry(props: {
  readonly model: Model;
  /** Of what it really predicted; null: nothing yet. */
  readonly performance: ModelPerformance | null;
  readonly chosen: boolean;
  readonly now: number;
  readonly onPromote: (why: string) => Promise<void>;
}) {
  const { model, performance, chosen, now, onPromote } = props;
  const { version, name, aliases, judges_ratio, trained_on, created_at, metrics, note } = model;
  const figures = Object.entries(metrics);
  return (
    <li
      class={`card model ${judges_ratio > 0 ? 'judges' : ''}`}
      data-version={version}
      data-judges={judges_ratio}
      aria-current={chosen ? 'true' : undefined}
    >
      <div class="line">
        <b>
          <a href={modelPath(chosen ? '' : version)} aria-expanded={chosen}>
            {version === name ? name : `${name} ${version}`}
          </a>
        </b>
        {judges_ratio > 0 && (
          <span class="role">
            {judges_ratio === 1 ? 'judges every GPU' : `judges ${percent(judges_ratio)} % of the GPUs`}
          </span>
        )}
        {aliases.map((alias) => (
          <span key={alias} class="key">
            {alias}
          </span>
        ))}
        <OriginBadge trained_on={trained_on} />
        {created_at !== null && (
          <time class="quiet age" dateTime={created_at} title={created_at}>
            {timeText(Date.parse(created_at), now)}
          </time>
        )}
      </div>
      {note !== '' && <p class="quiet">{note}</p>}
      <dl class="pairs">
        {figures.slice(0, METRICS_SHOWN).map(([metric, value]) => (
          <div key={metric}>
            <dt>{metricName(metric)}, in training</dt>
            <dd>{figure(value)}</dd>
          </div>
        ))}
        {performance !== null && (
          <div class="live">
            <dt>Since, live</dt>
            <dd>{liveText(performance)}</dd>
          </div>
        )}
      </dl>
      {!aliases.includes(CHAMPION) && judges_ratio < 1 && (
        <Confirmed
          label={/^\d+$/.test(version) ? 'Make it champion' : 'Let it judge'}
          question={questionOf(model)}
          onConfirm={onPromote}
        />
      )}
    </li>
  );
}

/** What is in no registry judges when nobody is champion. */
function questionOf({ version, name, trained_on }: Model): string {
  const origin = trained_on === 'simulated' ? ' It was trained on simulated fleets only.' : '';
  return /^\d+$/.test(version)
    ? `Let version ${version} judge the fleet from now on?${origin}`
    : `Take the champion away, so that ${version === name ? `the ${name}` : version} judges?${origin}`;
}

const metricName = (name: string): string =>
  name === 'auc'
    ? 'AUC'
    : name
        .replaceAll('_', ' ')
        .replace(/\bauc\b/g, 'AUC')
        .replace(/^[a-z]/, (c) => c.toUpperCase());

const figure = (value: number): string =>
  Number.isInteger(value)
    ? integer(value)
    : Math.abs(value) >= 100
      ? decimal(value, 0)
      : String(Number(value.toPrecision(3)));

function liveText({ settled, precision, recall, brier, horizon_days }: ModelPerformance): string {
  if (settled === 0) return `nothing has come true or not within ${horizon_days} days yet`;
  const parts = [
    precision === null ? '' : `precision ${percent(precision)} %`,
    recall === null ? '' : `recall ${percent(recall)} %`,
    brier === null ? '' : `Brier ${decimal(brier.score, 4)}`,
    `${integer(settled)} settled`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}
