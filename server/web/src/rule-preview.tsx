import { useState } from 'preact/hooks';
import type { AlertRulePreview } from '../../client/api-client.ts';
import { timeText } from './format-time.ts';
import { integer } from './format-value.ts';
import { gpuPath } from './router.ts';
import { SeverityBadge } from './severity-badge.tsx';

const SEVERITIES = ['critical', 'warning', 'info'] as const;
const EXAMPLES_SHOWN = 8;
type Example = AlertRulePreview['only_now'][number];

/** What a change would have told of the last days beside what was told, and what to write for it. */
export function RulePreview({ preview, now }: { readonly preview: AlertRulePreview; readonly now: number }) {
  const { rule, changed, yaml, rows, cut } = preview;
  const days = preview.now.rule.per_day.map((day, i) => ({
    day: day.day,
    before: day.info + day.warning + day.critical,
    after: SEVERITIES.reduce((sum, severity) => sum + (changed.rule.per_day[i]?.[severity] ?? 0), 0),
  }));
  const most = Math.max(1, ...days.flatMap(({ before, after }) => [before, after]));
  return (
    <div class="preview" data-testid="rule-preview">
      <p class="verdict-line">
        <b data-testid="preview-now">{integer(preview.now.rule.total)}</b> alerts of {rule} as it is,{' '}
        <b data-testid="preview-changed">{integer(changed.rule.total)}</b> with the change; of all rules{' '}
        {integer(preview.now.all.total)} and {integer(changed.all.total)}.
      </p>
      <div class="scroll">
        <table class="compare">
          <caption class="hidden">Alerts of the rule by day, as it is and with the change</caption>
          <thead>
            <tr>
              <th scope="col" class="plain">
                UTC day
              </th>
              <th scope="col" class="plain number">
                As it is
              </th>
              <th scope="col" class="plain number">
                Changed
              </th>
              <th scope="col" class="plain">
                <span class="hidden">Drawn</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {days.map(({ day, before, after }) => (
              <tr key={day} data-day={day}>
                <td>{day}</td>
                <td class="number">{integer(before)}</td>
                <td class="number">{integer(after)}</td>
                <td class="bars-of">
                  <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="before" x="0" y="0" width={(100 * before) / most} height="4.4" />
                    <rect class="after" x="0" y="5.6" width={(100 * after) / most} height="4.4" />
                  </svg>
                </td>
              </tr>
            ))}
            {SEVERITIES.map((severity) => (
              <tr key={severity}>
                <td>
                  <SeverityBadge severity={severity} />
                </td>
                <td class="number">{integer(preview.now.rule.by_severity[severity])}</td>
                <td class="number">{integer(changed.rule.by_severity[severity])}</td>
                <td />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Examples title="No longer told" examples={preview.only_now} now={now} />
      <Examples title="Told as well" examples={preview.only_changed} now={now} />
      <p class="quiet small">
        Found by the rules themselves in {integer(rows)} stored rows. Severities are those that conditions had last.
        {cut.length > 0 && ` Of ${cut.join(', ')} only the newest rows were looked at.`}
      </p>
      {yaml !== '' && <Yaml yaml={yaml} />}
    </div>
  );
}

function Examples(props: { readonly title: string; readonly examples: readonly Example[]; readonly now: number }) {
  const { title, examples, now } = props;
  if (examples.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul class="hits">
        {examples.slice(0, EXAMPLES_SHOWN).map(({ id, severity, opened_at, gpu_uuid, summary }) => (
          <li key={`${id} ${severity}`}>
            <SeverityBadge severity={severity} />{' '}
            {opened_at !== null && (
              <time class="quiet" dateTime={opened_at}>
                {timeText(Date.parse(opened_at), now)}
              </time>
            )}{' '}
            {gpu_uuid === '' ? summary : <a href={gpuPath(gpu_uuid)}>{summary}</a>}
          </li>
        ))}
      </ul>
    </>
  );
}

/** What to write into the file; settings are not changed from a page. */
function Yaml({ yaml }: { readonly yaml: string }) {
  const [copied, setCopied] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(yaml);
      setCopied('Copied.');
    } catch {
      setCopied('The browser does not allow it: mark the text and copy it.');
    }
  };
  return (
    <figure class="yaml">
      <figcaption class="line">
        <span>To keep the change, write this into gpu-vitals.yaml and start again:</span>
        <button type="button" onClick={copy}>
          Copy
        </button>
        <span role="status" class="quiet">
          {copied}
        </span>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must do so by keys too */}
      <pre tabIndex={0} data-testid="rule-yaml">
        {yaml}
      </pre>
    </figure>
  );
}
