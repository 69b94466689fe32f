import type { ComponentChildren } from 'preact';
import { timeText } from './format-time.ts';
import { Notice } from './notice.tsx';
import type { Answered } from './use-answer.ts';

/** What stands in the place of an answer until it is there, and over one that cannot be read anew. */
export function AnswerState<T>(props: {
  readonly answered: Answered<T>;
  /** What is asked for, in the plural: `Predictions`. */
  readonly what: string;
  readonly now: number;
  readonly children: (value: T) => ComponentChildren;
}) {
  const { answered, what, now, children } = props;
  const { value, failure, read_at } = answered;
  if (value === null) {
    return (
      <section class="card" aria-busy={failure === null}>
        {failure === null ? (
          <Notice title="Loading">Asking for {what.toLowerCase()}.</Notice>
        ) : (
          <Notice title={`${what} cannot be read just now`} tone="critical">
            {failure}. Trying again.
          </Notice>
        )}
      </section>
    );
  }
  return (
    <>
      {failure !== null && (
        <div class="banner" role="alert" data-testid="answer-stale">
          {what} cannot be read just now ({failure}). What is shown is of {timeText(read_at ?? now, now)}.
        </div>
      )}
      {children(value)}
    </>
  );
}
