import { AlertDetail } from './alert-detail.tsx';
import { isQuiet } from './alert-order.ts';
import { placeText } from './alert-place.ts';
import type { AlertAnswer } from './answers.ts';
import { timeText } from './format-time.ts';
import { duration } from './format-value.ts';
import type { NamedGpu } from './incident-text.ts';
import { ROW } from './keyboard.ts';
import { setQuery } from './router.ts';
import { SeverityBadge } from './severity-badge.tsx';

/** One alert, a line until it is opened. */
export function AlertEntry(props: {
  readonly alert: AlertAnswer;
  readonly gpu: NamedGpu | undefined;
  readonly opened: boolean;
  readonly now: number;
}) {
  const { alert, gpu, opened, now } = props;
  const { id, severity, summary, opened_at, closed_at, acknowledged_by, acknowledged_at, assigned_to } = alert;
  const since = Date.parse(opened_at);
  const quiet = isQuiet(alert);
  return (
    <li
      class={`story alert-entry ${quiet ? 'is-quiet' : ''}`}
      data-id={id}
      data-severity={severity}
      data-noticed={acknowledged_at !== null}
      data-quiet={quiet}
    >
      <details
        open={opened}
        onToggle={({ currentTarget: { open } }) => {
          if (open !== opened) setQuery({ id: open ? id : '' });
        }}
      >
        <summary {...ROW}>
          <SeverityBadge severity={severity} />
          <span class="why-line" title={summary}>
            <b>{placeText(alert, gpu)}</b> {summary}
          </span>
          <span class="marks">
            {acknowledged_at !== null && <span class="mark-of good">✓ {acknowledged_by}</span>}
            {assigned_to !== '' && <span class="mark-of">→ {assigned_to}</span>}
            {alert.silenced_by !== '' && <span class="mark-of">silenced</span>}
            {alert.inhibited_by !== '' && <span class="mark-of">explained</span>}
          </span>
          <time class="quiet age" dateTime={opened_at} title={opened_at}>
            {closed_at === null
              ? `since ${timeText(since, now)}`
              : `${timeText(since, now)}, ${duration((Date.parse(closed_at) - since) / 1_000)}`}
          </time>
        </summary>
        {opened && <AlertDetail alert={alert} gpu={gpu} now={now} />}
      </details>
    </li>
  );
}
