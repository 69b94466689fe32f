import type { ModelPerformance } from '../../client/api-client.ts';
import { CalibrationPlot } from './calibration-plot.tsx';
import { timeText } from './format-time.ts';
import { howWellFigures, settledText } from './how-well-text.ts';
import { OriginBadge } from './origin-badge.tsx';
import { modelText } from './prediction-text.ts';

const SHOWN = 4;

/** How good the predictions of each model version were that time has judged, those in use first. */
export function HowWell(props: {
  readonly items: readonly ModelPerformance[];
  /** What versions learned from, where it is known. */
  readonly origins: ReadonlyMap<string, string>;
  readonly now: number;
}) {
  const { items, origins, now } = props;
  if (items.length === 0) {
    return (
      <p class="card quiet" data-testid="no-performance">
        No prediction was kept yet. One a day and GPU is, and is judged when its horizon has passed.
      </p>
    );
  }
  return (
    <div class="how-well" data-testid="how-well">
      {items.slice(0, SHOWN).map((item) => (
        <article key={modelText(item)} class="card" data-model={modelText(item)}>
          <div class="head">
            <h3>{modelText(item)}</h3>
            <OriginBadge trained_on={originOf(origins, item)} />
          </div>
          <p class="quiet small">{settledText(item)}.</p>
          <div class="judged-by">
            <dl class="pairs">
              {howWellFigures(item).map(({ name, text, help }) => (
                <div key={name} title={help}>
                  <dt>{name}</dt>
                  <dd class={text === 'not yet' ? 'quiet' : ''}>{text}</dd>
                </div>
              ))}
            </dl>
            {item.calibration.length > 0 && <CalibrationPlot bins={item.calibration} />}
          </div>
          {item.alarms.map(({ at, explanation }) => (
            <p key={at + explanation} class="warning small">
              {timeText(Date.parse(at), now)}: {explanation}
            </p>
          ))}
        </article>
      ))}
    </div>
  );
}

/** A version of the list of models; one that nobody knows any more has none. */
const originOf = (origins: ReadonlyMap<string, string>, item: ModelPerformance): string =>
  item.model_name === 'heuristic' ? 'nothing' : (origins.get(item.model_version) ?? 'unknown');
