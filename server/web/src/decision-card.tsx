import type { DecisionAnswer } from './answers.ts';
import { adviceText, atRiskText, flipTexts, optionValues } from './decision-text.ts';
import { timeText } from './format-time.ts';
import { OptionBars } from './option-bars.tsx';
import { WhatIf } from './what-if.tsx';
import type { WhatIfBasis } from './what-if-request.ts';

const FLIPS_SHOWN = 3;

/** What to do with a board, what each option is worth, and what would change that. */
export function DecisionCard(props: {
  readonly gpu_uuid: string;
  /** Null: nothing is decided yet. */
  readonly decision: DecisionAnswer | null;
  readonly basis: Omit<WhatIfBasis, 'decision'>;
  /** It cannot be read just now. */
  readonly failed: boolean;
  readonly now: number;
}) {
  const { gpu_uuid, decision, basis, failed, now } = props;
  return (
    <section class="card decision" aria-labelledby="decision-title" data-testid="decision-card">
      <div class="head">
        <h2 id="decision-title">What to do with it</h2>
        {decision !== null && (
          <span class="quiet small by">
            {decision.profile === 'reference' && 'reference profile, '}
            {timeText(Date.parse(decision.ts), now)}
          </span>
        )}
      </div>
      {decision === null ? (
        <p class="quiet empty">
          {failed
            ? 'Decisions cannot be read just now. Trying again.'
            : 'Nothing is decided yet: a decision needs a health score and a prediction.'}
        </p>
      ) : (
        <Decided decision={decision} basis={basis} gpu_uuid={gpu_uuid} />
      )}
    </section>
  );
}

function Decided(props: {
  readonly gpu_uuid: string;
  readonly decision: DecisionAnswer;
  readonly basis: Omit<WhatIfBasis, 'decision'>;
}) {
  const { gpu_uuid, decision, basis } = props;
  const flips = flipTexts(decision.sensitivity);
  return (
    <>
      <p class="advice" data-testid="advice">
        {adviceText(decision.advice)}
      </p>
      <p class="why">{decision.rationale}</p>
      <OptionBars options={optionValues(decision)} best={decision.decision} />
      <p>
        <span class="quiet">At risk:</span> <b>{atRiskText(decision.value_at_risk_usd_per_hour)}</b>
      </p>
      <h3>What would change the best option</h3>
      {flips.length === 0 ? (
        <p class="quiet small">No input alone, within what is plausible.</p>
      ) : (
        <ul class="flips" data-testid="flips">
          {flips.slice(0, FLIPS_SHOWN).map(({ input, when, to }) => (
            <li key={input}>
              {when}: <b>{to}</b>
            </li>
          ))}
        </ul>
      )}
      <WhatIf gpu_uuid={gpu_uuid} basis={{ ...basis, decision }} sensitivity={decision.sensitivity} />
    </>
  );
}
