import type { ForecastAnswer } from './answers.ts';
import { forecastTitle, horizonText, isNear, limitText, metricForecasts } from './forecast-text.ts';
import { timeText } from './format-time.ts';

/** Where slow readings are going, those that reach a limit first. */
export function ForecastList(props: { readonly forecasts: readonly ForecastAnswer[] | null; readonly now: number }) {
  const { forecasts, now } = props;
  const metrics = metricForecasts(forecasts ?? []);
  const told = metrics[0]?.horizons[0]?.ts;
  return (
    <section class="card forecasts" aria-labelledby="forecasts-title">
      <h2 id="forecasts-title">
        Expected {told !== undefined && <span class="quiet">as of {timeText(Date.parse(told), now)}</span>}
      </h2>
      {forecasts === null ? (
        <p class="quiet empty">Asking.</p>
      ) : metrics.length === 0 ? (
        <p class="quiet empty">Nothing yet: a forecast needs a day of readings, and is told every six hours.</p>
      ) : (
        <ul data-testid="forecast-list">
          {metrics.map((one) => {
            const limit = limitText(one, now);
            return (
              <li key={`${one.metric} ${one.instance}`}>
                <span class="line">
                  <b>{forecastTitle(one)}</b>
                  {one.instance !== '' && <span class="quiet">MIG {one.instance}</span>}
                </span>
                {one.horizons.map((row) => (
                  <span key={row.horizon_ms} class="horizon" title={row.explanation}>
                    {horizonText(row)}
                  </span>
                ))}
                {limit !== '' && <span class={`small ${isNear(one, now) ? 'warning' : 'quiet'}`}>{limit}</span>}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
