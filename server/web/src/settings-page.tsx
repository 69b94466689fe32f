import type { ConfigOption } from '../../client/api-client.ts';
import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { ChannelList } from './channel-list.tsx';
import { useMay, useNow } from './console-parts.ts';
import { CsvButton } from './csv-button.tsx';
import { KeyList } from './key-list.tsx';
import { OptionList } from './option-list.tsx';
import { setQuery, useAddress } from './router.ts';
import { RuleList } from './rule-list.tsx';
import { SearchField } from './search-field.tsx';
import { Segmented } from './segmented.tsx';
import { TrailList } from './trail-list.tsx';
import { useAnswer } from './use-answer.ts';

const EVERY_MS = 300_000;
const THRESHOLDS: readonly string[] = ['detectors', 'zscore-threshold', 'zscore-thresholds', 'profile'];

/** How the installation is set up, who may call it and who did what; the configuration is a file, so that it is only read here. */
export function SettingsPage() {
  const { query } = useAddress();
  const may = useMay();
  const asked = query.get('view') ?? '';
  const views = [
    ['', 'Alert rules', 'GET /api/v1/alert-rules'],
    ['detectors', 'Detectors', 'GET /api/v1/config'],
    ['channels', 'Channels', 'GET /api/v1/config'],
    ['options', 'All options', 'GET /api/v1/config'],
    ['keys', 'Keys', 'GET /api/v1/keys'],
    ['trail', 'Audit trail', 'GET /api/v1/audit'],
  ].flatMap(([name = '', label = '', route = '']) => (may(route) ? [[name, label] as const] : []));
  const view = views.some(([name]) => name === asked) ? asked : '';
  return (
    <div class="listing" data-testid="settings-page">
      <div class="head">
        <h1>Settings</h1>
        <div class="grow" />
        <Segmented
          name="What is shown"
          value={view}
          options={views}
          onChange={(next) => setQuery({ view: next, q: '', rule: '', by: '' })}
        />
      </div>
      {view === '' ? (
        <RuleList />
      ) : view === 'keys' ? (
        <KeyList />
      ) : view === 'trail' ? (
        <TrailList />
      ) : (
        <Options view={view} />
      )}
    </div>
  );
}

function Options({ view }: { readonly view: string }) {
  const now = useNow();
  const { query } = useAddress();
  const q = query.get('q') ?? '';
  const config = useAnswer((signal) => api.get('/api/v1/config', { query: { limit: 1_000 }, signal }), {
    about: '',
    every_ms: EVERY_MS,
  });
  const configured = (items: readonly ConfigOption[], name: string): unknown =>
    items.find(({ option }) => option === name)?.value;
  return (
    <AnswerState answered={config} what="Settings" now={now}>
      {({ items }) =>
        view === 'channels' ? (
          <ChannelList channels={configured(items, 'alert-channels')} routes={configured(items, 'alert-routes')} />
        ) : (
          <section class="card" aria-label="Options">
            <p class="quiet">
              Written in gpu-vitals.yaml, in variables or as flags; a change holds from the next start on.
            </p>
            <div class="toolbar">
              <SearchField
                label="Search options"
                placeholder="Name, value or words"
                value={q}
                onInput={(text) => setQuery({ q: text })}
              />
              <div class="grow" />
              <CsvButton
                pages={() => api.csv('/api/v1/config', { query: { limit: 1_000 } })}
                name="configuration.csv"
              />
            </div>
            <OptionList
              options={view === 'detectors' ? items.filter(({ option }) => THRESHOLDS.includes(option)) : items}
              q={q}
            />
          </section>
        )
      }
    </AnswerState>
  );
}
