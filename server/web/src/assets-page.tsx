import { useMemo, useState } from 'preact/hooks';
import type { Asset } from '../../client/api-client.ts';
import { capital } from './action-text.ts';
import { AnswerState } from './answer-state.tsx';
import { api, firstPages } from './api.ts';
import { AssetBulk } from './asset-bulk.tsx';
import { AssetEditor } from './asset-editor.tsx';
import { type AssetFilter, assetMatches, NOT_KNOWN, sortAssets, valuesOf } from './asset-fields.ts';
import { AssetImport } from './asset-import.tsx';
import { AssetTable } from './asset-table.tsx';
import { Choice } from './choice.tsx';
import { useNow } from './console-parts.ts';
import { CsvButton } from './csv-button.tsx';
import { integer } from './format-value.ts';
import { Notice } from './notice.tsx';
import { setQuery, useAddress } from './router.ts';
import { SearchField } from './search-field.tsx';
import { useAnswer } from './use-answer.ts';

/** What is changed here is shown at once; a large inventory takes a while to read. */
const EVERY_MS = 180_000;
const PAGE = 1_000;
const PAGES_MAX = 200;
const NO_FILTER = { q: '', status: '', owner: '', cluster: '', rack: '', model: '' };
const NARROWING = ['status', 'cluster', 'rack', 'owner', 'model'] as const;

/** The inventory: find assets, change one or many, bring and take them as files. */
export function AssetsPage() {
  const now = useNow();
  const { query } = useAddress();
  const ask = (name: string): string => query.get(name) ?? '';
  const [told, setTold] = useState<ReadonlyMap<string, Asset>>(new Map());
  const [changes, setChanges] = useState(0);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [importing, setImporting] = useState(false);
  const answered = useAnswer(
    async (signal) => {
      const list = await firstPages(api.pages('/api/v1/assets', { query: { limit: PAGE }, signal }), PAGES_MAX);
      setTold(new Map());
      return list;
    },
    { about: String(changes), every_ms: EVERY_MS },
  );
  const filter: AssetFilter = {
    q: ask('q'),
    status: ask('status'),
    owner: ask('owner'),
    cluster: ask('cluster'),
    rack: ask('rack'),
    model: ask('model'),
  };
  const sort = ask('sort') || 'node';
  const id = ask('id');
  const all = useMemo(
    () => (answered.value?.items ?? []).map((asset) => told.get(asset.gpu_uuid) ?? asset),
    [answered.value, told],
  );
  const shown = useMemo(
    () =>
      sortAssets(
        all.filter((asset) => assetMatches(asset, filter)),
        sort,
      ),
    [all, sort, ...Object.values(filter)],
  );
  const choose = (uuids: readonly string[], wanted: boolean): void => {
    const next = new Set(chosen);
    for (const uuid of uuids) {
      if (wanted) next.add(uuid);
      else next.delete(uuid);
    }
    setChosen(next);
  };
  const counted = useMemo(() => new Map(NARROWING.map((name) => [name, valuesOf(all, name)])), [all]);
  const options = (name: (typeof NARROWING)[number]): (readonly [string, string])[] => {
    const values = counted.get(name) ?? [];
    const text = (value: string): string => (value === NOT_KNOWN ? 'not known' : value);
    return [
      ['', `Any ${name}`],
      ...values.map(([value, count]) => [value, `${text(value)} (${integer(count)})`] as const),
      ...(filter[name] === '' || values.some(([value]) => value === filter[name])
        ? []
        : [[filter[name], text(filter[name])] as const]),
    ];
  };
  return (
    <div class="listing" data-testid="assets-page">
      <div class="head">
        <h1>
          Assets{' '}
          <span class="quiet" data-testid="assets-count">
            {answered.value === null
              ? ''
              : shown.length === all.length
                ? integer(all.length)
                : `${integer(shown.length)} of ${integer(all.length)}`}
          </span>
        </h1>
        <div class="grow" />
        <button type="button" class="plain-button" onClick={() => setImporting(!importing)} aria-expanded={importing}>
          Import
        </button>
        <CsvButton pages={() => api.csv('/api/v1/assets', { query: { limit: PAGE } })} name="assets.csv" />
      </div>
      {importing && <AssetImport onDone={() => setChanges((count) => count + 1)} onLeave={() => setImporting(false)} />}
      {id !== '' && (
        <AssetEditor
          key={id}
          gpu_uuid={id}
          onDone={(asset) => setTold(new Map(told).set(asset.gpu_uuid, asset))}
          onLeave={() => setQuery({ id: '' })}
        />
      )}
      <section class="card" aria-label="Assets">
        <div class="toolbar">
          <SearchField
            label="Search assets"
            placeholder="UUID, node, serial, owner or note"
            value={filter.q}
            onInput={(q) => setQuery({ q })}
          />
          {NARROWING.map((name) => (
            <Choice
              key={name}
              name={capital(name)}
              value={filter[name]}
              onChange={(value) => setQuery({ [name]: value })}
              options={options(name)}
            />
          ))}
        </div>
        {chosen.size > 0 && (
          <div class="chosen-bar">
            <AssetBulk
              uuids={[...chosen]}
              onDone={(failed) => {
                if (failed.length > 0) setChosen(new Set(failed));
                setChanges((count) => count + 1);
              }}
            />
            <button type="button" class="plain-button" onClick={() => setChosen(new Set())}>
              Choose none
            </button>
          </div>
        )}
        <AnswerState answered={answered} what="Assets" now={now}>
          {() =>
            shown.length > 0 ? (
              <AssetTable assets={shown} sort={sort} chosen={chosen} opened={id} onChoose={choose} />
            ) : all.length > 0 ? (
              <Notice title="No asset matches">
                <button type="button" onClick={() => setQuery(NO_FILTER)}>
                  Clear the filters
                </button>
              </Notice>
            ) : (
              <div data-testid="no-asset">
                <Notice title="No asset is known">
                  GPUs are added when they are first seen; a CSV file can bring them before.
                </Notice>
              </div>
            )
          }
        </AnswerState>
      </section>
    </div>
  );
}
