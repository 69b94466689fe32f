import { useState } from 'preact/hooks';
import type { DecisionFlip } from '../../../pipeline/contract/predictions.ts';
import type { DecisionAnswer } from './answers.ts';
import { api } from './api.ts';
import { atRiskText, decisionInput, inputText, OPTION_TEXT, optionValues } from './decision-text.ts';
import { OptionBars } from './option-bars.tsx';
import { type WhatIfBasis, whatIfRequest } from './what-if-request.ts';

type Evaluated = Omit<DecisionAnswer, 'ts' | 'gpu_uuid' | 'node' | 'instance'>;

/** Other prices, risk or use, and what would be decided then. Nothing is stored. */
export function WhatIf(props: {
  readonly gpu_uuid: string;
  readonly basis: WhatIfBasis;
  readonly sensitivity: readonly DecisionFlip[];
}) {
  const { gpu_uuid, basis, sensitivity } = props;
  const inputs = sensitivity.filter(({ input }) => decisionInput(input) !== null);
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState('');
  const [moved, setMoved] = useState<{ readonly before: Evaluated; readonly after: Evaluated } | null>(null);

  const evaluate = async (event: Event): Promise<void> => {
    event.preventDefault();
    setAsking(true);
    setFailure('');
    try {
      const known = await completed(gpu_uuid, basis);
      const [before, after] = (await Promise.all(
        [{}, changesOf(inputs, texts)].map((changes) =>
          api.post('/api/v1/decisions/evaluate', { body: whatIfRequest(known, changes) }),
        ),
      )) as readonly Evaluated[];
      if (before !== undefined && after !== undefined) setMoved({ before, after });
    } catch (error) {
      setFailure((error as Error).message);
    } finally {
      setAsking(false);
    }
  };
  const reset = (): void => {
    setTexts({});
    setMoved(null);
    setFailure('');
  };
  return (
    <details class="what-if" data-testid="what-if">
      <summary>What if</summary>
      <form onSubmit={evaluate} aria-label="What if">
        <div class="fields">
          {inputs.map(({ input, value, flips_at, to }) => {
            const { label, unit, max } = decisionInput(input) as NonNullable<ReturnType<typeof decisionInput>>;
            return (
              <label key={input}>
                <span>
                  {label} <span class="quiet">{unit}</span>
                </span>
                <input
                  name={input}
                  type="number"
                  step="any"
                  min="0"
                  max={max}
                  required
                  value={texts[input] ?? inputText(input, value)}
                  onInput={(event) => setTexts({ ...texts, [input]: event.currentTarget.value })}
                />
                {flips_at !== null && to !== null && (
                  <span class="quiet small">
                    {OPTION_TEXT[to]} {flips_at > value ? 'above' : 'below'} {inputText(input, flips_at)}
                  </span>
                )}
              </label>
            );
          })}
        </div>
        <div class="line">
          <button type="submit" disabled={asking}>
            {asking ? 'Asking' : 'Decide with these'}
          </button>
          <button type="button" onClick={reset}>
            As it is
          </button>
        </div>
      </form>
      {failure !== '' && (
        <p class="critical" role="alert">
          {failure}
        </p>
      )}
      {moved !== null && <Moved {...moved} />}
    </details>
  );
}

function Moved({ before, after }: { readonly before: Evaluated; readonly after: Evaluated }) {
  const same = before.decision === after.decision;
  return (
    <div class="moved-decision" role="status" data-testid="what-if-answer" data-decision={after.decision}>
      <p class="advice">
        {same
          ? `Still ${OPTION_TEXT[after.decision].toLowerCase()}`
          : `${OPTION_TEXT[after.decision]} instead of ${OPTION_TEXT[before.decision].toLowerCase()}`}
      </p>
      <p class="why">{after.rationale}</p>
      <OptionBars options={optionValues(after)} best={after.decision} before={optionValues(before)} />
      <p class="quiet small">
        At risk {atRiskText(after.value_at_risk_usd_per_hour)}; as it is {atRiskText(before.value_at_risk_usd_per_hour)}
        . Nothing of this is stored.
      </p>
    </div>
  );
}

/** Fields that say something else than what is known, in the units of the API. */
function changesOf(
  inputs: readonly DecisionFlip[],
  texts: Readonly<Record<string, string>>,
): Readonly<Record<string, number>> {
  const changes: Record<string, number> = {};
  for (const { input, value } of inputs) {
    const text = texts[input];
    if (text === undefined || text === inputText(input, value)) continue;
    const said = Number(text) / (decisionInput(input)?.factor ?? 1);
    if (Number.isFinite(said)) changes[input] = said;
  }
  return changes;
}

/** With what only the features know: mean draw, age and warranty as the decision had them. */
async function completed(gpu_uuid: string, basis: WhatIfBasis): Promise<WhatIfBasis> {
  const { items } = await api.get('/api/v1/gpus/{gpu_uuid}/features', {
    params: { gpu_uuid },
    query: { at: 'now', limit: 1 },
  });
  const features = items[0];
  return {
    ...basis,
    power_watts: features?.power_usage_mean ?? basis.power_watts,
    age_days: features?.gpu_age_days ?? basis.age_days,
    warranty_days: features?.warranty_remaining_days ?? basis.warranty_days,
  };
}
