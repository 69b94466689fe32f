import type { RecoveryAction } from '../../../pipeline/contract/events.ts';
import { ACTION_TEXT } from './action-text.ts';
import { type RecoveryTarget, recoverySteps } from './recovery-steps.ts';

/** What to do with the GPU now, step by step. */
export function RecoveryCard(props: {
  readonly action: RecoveryAction;
  readonly target: RecoveryTarget;
  /** Who asks for it. */
  readonly because: string;
  /** What to do about what costs most, where no recovery is asked for; empty when nothing costs anything. */
  readonly next: string;
}) {
  const { action, target, because, next } = props;
  const steps = recoverySteps(action, target);
  return (
    <section class="card recovery" aria-labelledby="recovery-title" data-testid="recovery">
      <h2 id="recovery-title">Recovery</h2>
      {steps.length === 0 ? (
        <>
          <p class="quiet empty">Neither the score nor an episode asks for a recovery now.</p>
          {next !== '' && <span class="todo">When it suits: {next.charAt(0).toLowerCase() + next.slice(1)}</span>}
        </>
      ) : (
        <>
          <p>
            <b>{ACTION_TEXT[action]}</b> <span class="quiet small">{because}</span>
          </p>
          <ol>
            {steps.map(({ text, command }) => (
              <li key={text}>
                {text}
                {command !== '' && <code>{command}</code>}
              </li>
            ))}
          </ol>
        </>
      )}
    </section>
  );
}
