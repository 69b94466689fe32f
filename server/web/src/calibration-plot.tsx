import type { ModelPerformance } from '../../client/api-client.ts';
import { percent } from './format-value.ts';

const SIZE = 120;

/** What was foreseen against what came true, with 95 % intervals; on the line chances are as they say. */
export function CalibrationPlot({ bins }: { readonly bins: ModelPerformance['calibration'] }) {
  const highest = Math.max(0.01, ...bins.map(({ mean_predicted, observed }) => Math.max(mean_predicted, observed)));
  const most = Math.min(1, 1.1 * highest);
  const x = (p: number): number => Math.min(1, p / most) * SIZE;
  const y = (p: number): number => SIZE - x(p);
  const said = bins.map(
    ({ mean_predicted, observed }) => `${percent(mean_predicted)} % foreseen, ${percent(observed)} % came true`,
  );
  return (
    <figure class="calibration">
      <svg viewBox={`-1 -1 ${SIZE + 2} ${SIZE + 2}`} role="img" aria-label={`Calibration: ${said.join('; ')}.`}>
        <rect width={SIZE} height={SIZE} class="frame" />
        <path d={`M0 ${SIZE}L${SIZE} 0`} class="exact" />
        {bins.map(({ mean_predicted, observed, low, high }) => (
          <g key={mean_predicted}>
            <path d={`M${x(mean_predicted)} ${y(low)}V${y(high)}`} class="range" />
            <circle cx={x(mean_predicted)} cy={y(observed)} r="2.6" />
          </g>
        ))}
      </svg>
      <figcaption class="quiet small">Came true over foreseen, to {percent(most)} %</figcaption>
    </figure>
  );
}
