import type { RecoveryAction } from '../../../pipeline/contract/events.ts';
import { ACTION_TEXT } from './action-text.ts';
import { type RecoveryTarget, recoverySteps } from './recovery-steps.ts';

/** What to do with the GPU now, step by step. */
export function RecoveryCard(props: {
  readonly action: RecoveryAction;
  readonly target: RecoveryTarget;
  /** Who asks for it. */
  readonly because: string;
}) {
  const { action, target, because } = props;
  const steps = recoverySteps(action, target);
  return (
    <section class="card recovery" aria-labelledby="recovery-title" data-testid="recovery">
      <h2 id="recovery-title">Recovery</h2>
      {steps.length === 0 ? (
        <p class="quiet empty">No reset, reboot or replacement is asked for.</p>
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
