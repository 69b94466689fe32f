import type { DecisionOption } from '../../../pipeline/contract/predictions.ts';
import { OPTION_TEXT, type OptionValue } from './decision-text.ts';
import { money } from './money-text.ts';

/** What the options are worth, side by side; with what they were worth before, where something was changed. */
export function OptionBars(props: {
  readonly options: readonly OptionValue[];
  readonly best: DecisionOption;
  readonly before?: readonly OptionValue[];
}) {
  const { options, best, before } = props;
  const all = [...options, ...(before ?? [])].map(({ usd }) => usd);
  const low = Math.min(0, ...all);
  const high = Math.max(0, ...all);
  const x = (usd: number): number => (high === low ? 0 : ((usd - low) / (high - low)) * 100);
  return (
    <ul class="options" data-testid="options">
      {options.map(({ option, usd }) => {
        const was = before?.find((one) => one.option === option)?.usd;
        return (
          <li key={option} data-option={option} class={option === best ? 'best' : ''}>
            <span>
              {OPTION_TEXT[option]}
              {option === best && <span class="hidden"> (worth most)</span>}
            </span>
            <b>{money(usd)}</b>
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" class="bar-of" aria-hidden="true">
              <rect width="100" height="8" class="ground" />
              <rect x={Math.min(x(0), x(usd))} width={Math.abs(x(usd) - x(0))} height="8" class="level" />
              {was !== undefined && <path d={`M${x(was)} 0v8`} class="was" vector-effect="non-scaling-stroke" />}
            </svg>
            {was !== undefined && (
              <span class="quiet small moved">{Math.abs(usd - was) < 0.5 ? 'unmoved' : `was ${money(was)}`}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
