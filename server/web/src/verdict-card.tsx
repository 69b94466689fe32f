import type { ComponentChildren } from 'preact';
import type { HealthAnswer } from './answers.ts';
import { timeText } from './format-time.ts';
import { percent } from './format-value.ts';
import { dimensionScores } from './points-lost.ts';
import { type Known, scoreText, verdictText } from './verdict-text.ts';

/** What to think of a GPU at one look: score, grade, how sure, what to do, and why. */
export function VerdictCard(props: {
  readonly title: ComponentChildren;
  readonly known: Known;
  /** Why the score cannot be read just now; null while it can. */
  readonly failure: string | null;
  readonly children: ComponentChildren;
}) {
  const { title, known, failure, children } = props;
  const { health, now } = known;
  const { headline, sentences, tone } = verdictText(known);
  return (
    <section class={`card verdict ${tone}`} aria-label="Verdict" data-testid="gpu-verdict" data-tone={tone}>
      <h1>{title}</h1>
      <div class="judged">
        <Score health={health} />
        <div class="said">
          <p class="headline" data-testid="verdict-headline">
            {headline}
          </p>
          <div class="why" data-testid="verdict-sentence">
            {sentences.map((sentence) => (
              <p key={sentence}>{sentence}</p>
            ))}
          </div>
          {health !== null && (
            <p class="quiet small" data-testid="verdict-age">
              Scored {timeText(Date.parse(health.ts), now)}
              {health.instance !== '' && `, MIG ${health.instance}`}
            </p>
          )}
          {failure !== null && <p class="warning small">{failure}</p>}
        </div>
      </div>
      {health !== null && <Dimensions health={health} />}
      {children}
    </section>
  );
}

function Score({ health }: { readonly health: HealthAnswer | null }) {
  const score = health?.overall_score ?? null;
  return (
    <div class={`score ${score === null ? 'unknown' : ''}`} data-testid="verdict-score">
      <span class="figure">
        {score === null ? '?' : scoreText(score)}
        {score !== null && <small> of 100</small>}
      </span>
      <span class="grade" data-testid="verdict-grade">
        {score === null ? 'unknown' : health?.health_grade}
      </span>
      <span class="quiet small" data-testid="verdict-confidence">
        {health === null ? 'not scored' : `${percent(health.confidence)} % confident`}
      </span>
    </div>
  );
}

/** A score of nothing must be seen as one. */
const LEAST = 1.5;

/** Five bars: as long as the score, as solid as it is sure; hatched where nothing is known. */
function Dimensions({ health }: { readonly health: HealthAnswer }) {
  return (
    <dl class="dimensions" data-testid="dimensions">
      {dimensionScores(health).map(({ dimension, score, confidence }) => (
        <div key={dimension} data-dimension={dimension} data-score={score ?? 'unknown'}>
          <dt>{dimension}</dt>
          <dd>
            <b class={score === null ? 'quiet' : ''}>{scoreText(score)}</b>
            <span class="quiet small">{percent(confidence)} % confident</span>
          </dd>
          <svg viewBox="0 0 100 8" preserveAspectRatio="none" class={`bar-of ${levelOf(score)}`} aria-hidden="true">
            <rect width="100" height="8" class="ground" />
            {score === null ? (
              Array.from({ length: 25 }, (_, i) => <path key={i} d={`M${i * 4} 8l3-8`} class="hatch" />)
            ) : (
              <rect width={Math.max(score, LEAST)} height="8" class="level" opacity={0.4 + 0.6 * confidence} />
            )}
          </svg>
        </div>
      ))}
    </dl>
  );
}

/** The colour only repeats what the number says. */
function levelOf(score: number | null): string {
  if (score === null) return 'unknown';
  return score >= 80 ? 'healthy' : score >= 50 ? 'warning' : 'critical';
}
