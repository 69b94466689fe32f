import { useState } from 'preact/hooks';
import type { AlertRule, AlertRulePreview } from '../../client/api-client.ts';
import { capital } from './action-text.ts';
import { api } from './api.ts';
import { Choice } from './choice.tsx';
import { ROW } from './keyboard.ts';
import { setQuery } from './router.ts';
import { comparisonText, draftOfRule, overridesOf, thresholdsOf } from './rule-answers.ts';
import { RulePreview } from './rule-preview.tsx';
import { SelectField } from './select-field.tsx';
import { TextField } from './text-field.tsx';
import { useSaying } from './use-saying.ts';

const SEVERITIES = ['info', 'warning', 'critical'];
const PARTS = { above: 'above', below: 'below', at_least: 'at least' } as const;
const ORIGINS = { default: '', changed: 'changed in the configuration', own: 'of the configuration' } as const;

/** A rule, and what a change of it would have told of the last days. */
export function RuleEntry(props: { readonly rule: AlertRule; readonly opened: boolean; readonly now: number }) {
  const { rule, opened, now } = props;
  const { name, on, when, severity, enabled, origin } = rule;
  return (
    <li class={`story rule ${enabled ? '' : 'is-quiet'}`} data-rule={name}>
      <details
        open={opened}
        onToggle={({ currentTarget: { open } }) => {
          if (open !== opened) setQuery({ rule: open ? name : '' });
        }}
      >
        <summary {...ROW}>
          <b>{name}</b>
          <span class="why-line">
            {Object.entries(when)
              .map(([field, comparison]) => comparisonText(field, comparison))
              .join(', ') || `every row of ${on}`}
          </span>
          <span class="marks">
            {!enabled && <span class="mark-of">off</span>}
            {origin !== 'default' && <span class="mark-of">{ORIGINS[origin]}</span>}
          </span>
          <span class="quiet age">
            {severity}, after {rule.for}
          </span>
        </summary>
        {opened && <RuleEditor rule={rule} now={now} />}
      </details>
    </li>
  );
}

function RuleEditor({ rule, now }: { readonly rule: AlertRule; readonly now: number }) {
  const [draft, setDraft] = useState(() => draftOfRule(rule));
  const [span, setSpan] = useState('7d');
  const [preview, setPreview] = useState<AlertRulePreview | null>(null);
  const saying = useSaying();
  const set = (name: string) => (value: string) => setDraft({ ...draft, [name]: value });
  const look = async (event: Event): Promise<void> => {
    event.preventDefault();
    await saying.say(async () => {
      const body = { rule: rule.name, overrides: overridesOf(rule, draft), span };
      setPreview(await api.post('/api/v1/alert-rules/preview', { body }));
    });
  };
  return (
    <div class="opened">
      <p class="quiet">
        Looks at {rule.on}
        {rule.alone === null ? '' : `; keeps silent where another alert is or was open within ${rule.alone}`}.
      </p>
      <form class="entry-form" aria-label={`Change of ${rule.name}`} data-testid="rule-form" onSubmit={look}>
        {thresholdsOf(rule).map(([field, part]) =>
          part === 'at_least' ? (
            <SelectField
              key={`${field} ${part}`}
              label={`${capital(field)} at least`}
              value={draft[`${field} ${part}`] ?? ''}
              options={SEVERITIES.map((one): [string, string] => [one, one])}
              onChange={set(`${field} ${part}`)}
              wrong={saying.wrong(`overrides.when.${field}`)}
            />
          ) : (
            <TextField
              key={`${field} ${part}`}
              label={`${field} ${PARTS[part]}`}
              value={draft[`${field} ${part}`] ?? ''}
              onInput={set(`${field} ${part}`)}
              wrong={saying.wrong(`overrides.when.${field}`)}
            />
          ),
        )}
        <TextField
          label="Must hold for"
          value={draft.for ?? ''}
          onInput={set('for')}
          wrong={saying.wrong('overrides.for')}
        />
        <TextField
          label="Stays open for"
          value={draft.keep ?? ''}
          onInput={set('keep')}
          wrong={saying.wrong('overrides.keep')}
        />
        <SelectField
          label="Severity"
          value={draft.severity ?? ''}
          options={[['found', 'as found'], ...SEVERITIES.map((one): [string, string] => [one, one])]}
          onChange={set('severity')}
          wrong={saying.wrong('overrides.severity')}
        />
        <SelectField
          label="Enabled"
          value={draft.enabled ?? 'true'}
          options={[
            ['true', 'yes'],
            ['false', 'no'],
          ]}
          onChange={set('enabled')}
        />
        <div class="buttons">
          <Choice
            name="How far back"
            value={span}
            onChange={setSpan}
            options={[
              ['7d', 'Last week'],
              ['3d', 'Last three days'],
              ['1d', 'Last day'],
            ]}
          />
          <button type="submit" class="act" disabled={saying.busy}>
            {saying.busy ? 'Looking…' : 'What would it have told?'}
          </button>
        </div>
        {saying.failure !== '' && (
          <p class="critical wide" role="alert">
            {saying.failure}
          </p>
        )}
      </form>
      {preview !== null && <RulePreview preview={preview} now={now} />}
    </div>
  );
}
