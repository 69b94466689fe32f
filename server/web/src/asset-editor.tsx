import { useEffect, useRef, useState } from 'preact/hooks';
import type { Asset, Tagged } from '../../client/api-client.ts';
import { capital } from './action-text.ts';
import { api } from './api.ts';
import { ASSET_FIELDS, type AssetDraft, changesOf, draftOf, STATUSES } from './asset-fields.ts';
import { Confirmed } from './confirmed.tsx';
import { dateText } from './format-time.ts';
import { Notice } from './notice.tsx';
import { gpuPath } from './router.ts';
import { SelectField } from './select-field.tsx';
import { TextField } from './text-field.tsx';
import { useSaying } from './use-saying.ts';

/** One asset to change. What somebody else has changed meanwhile is told, and nothing is overwritten. */
export function AssetEditor(props: {
  readonly gpu_uuid: string;
  readonly onDone: (asset: Asset) => void;
  readonly onLeave: () => void;
}) {
  const { gpu_uuid, onDone, onLeave } = props;
  const params = { gpu_uuid };
  const [read, setRead] = useState<Tagged<Asset> | null>(null);
  const [draft, setDraft] = useState<AssetDraft>({});
  const [unread, setUnread] = useState('');
  const [saved, setSaved] = useState(false);
  /** Fields that somebody else has changed since they were read here. */
  const [theirs, setTheirs] = useState<readonly string[]>([]);
  const saying = useSaying();
  const title = useRef<HTMLHeadingElement>(null);
  const shown = useRef(gpu_uuid);

  /** Reads it; what was typed here stays. */
  const load = async (): Promise<void> => {
    try {
      const now = await api.tagged('/api/v1/assets/{gpu_uuid}', { params });
      if (shown.current !== gpu_uuid) return;
      const mine = read === null ? {} : typedOf(read.answer, draft);
      const before = read === null ? null : draftOf(read.answer);
      const next = draftOf(now.answer);
      setTheirs(before === null ? [] : Object.keys(next).filter((name) => next[name] !== before[name]));
      setRead(now);
      setDraft({ ...next, ...mine });
      setUnread('');
      saying.forget();
    } catch (error) {
      setUnread((error as Error).message);
    }
  };
  useEffect(() => {
    void load();
    title.current?.focus();
    title.current?.scrollIntoView({ block: 'nearest' });
    return () => {
      shown.current = '';
    };
  }, []);

  const set = (name: string) => (value: string) => {
    setSaved(false);
    setDraft({ ...draft, [name]: value });
  };
  const taken = (now: Tagged<Asset>): void => {
    setRead(now);
    setDraft(draftOf(now.answer));
    setTheirs([]);
    setSaved(true);
    onDone(now.answer);
  };
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (read === null) return;
    await saying.say(async () => {
      const body = changesOf(read.answer, draft);
      await api.patch('/api/v1/assets/{gpu_uuid}', { params, body, if_match: read.tag });
      taken(await api.tagged('/api/v1/assets/{gpu_uuid}', { params }));
    });
  };
  const changed = read === null ? 0 : Object.keys(changesOf(read.answer, draft)).length;
  return (
    <section class="card editor" aria-labelledby="editor-title" data-testid="asset-editor">
      <div class="head">
        <h2 id="editor-title" tabIndex={-1} ref={title}>
          Asset <a href={gpuPath(gpu_uuid)}>{gpu_uuid}</a>
        </h2>
        <div class="grow" />
        <button type="button" onClick={onLeave}>
          Close
        </button>
      </div>
      {read === null ? (
        unread === '' ? (
          <Notice title="Loading">Asking for the asset.</Notice>
        ) : (
          <Notice title="The asset cannot be read" tone="critical">
            {unread}.{' '}
            <button type="button" onClick={load}>
              Try again
            </button>
          </Notice>
        )
      ) : (
        <>
          <form class="entry-form" aria-label="Facts of the asset" onSubmit={save}>
            <SelectField
              label="Status"
              value={draft.status ?? ''}
              options={STATUSES.map((status): [string, string] => [status, capital(status)])}
              onChange={set('status')}
              wrong={saying.wrong('status')}
            />
            {ASSET_FIELDS.map(({ name, label, kind }) => (
              <TextField
                key={name}
                label={theirs.includes(name) ? `${label} (changed meanwhile)` : label}
                type={kind === 'date' ? 'date' : 'text'}
                value={draft[name] ?? ''}
                onInput={set(name)}
                wrong={saying.wrong(name)}
                max_length={name === 'note' ? 4_000 : 256}
                wide={name === 'note'}
              />
            ))}
            <div class="buttons">
              <button type="submit" class="act" disabled={saying.busy || changed === 0}>
                {changed === 0 ? 'Nothing to save' : `Save ${changed} change${changed === 1 ? '' : 's'}`}
              </button>
              {saved && changed === 0 && (
                <span role="status" data-testid="asset-saved">
                  It is saved.
                </span>
              )}
            </div>
            {saying.status === 412 ? (
              <div class="banner wide" role="alert" data-testid="asset-conflict">
                Somebody else has changed it since you read it. Nothing of yours was saved.
                <button type="button" onClick={load}>
                  Read it again, keep what I typed
                </button>
              </div>
            ) : (
              saying.failure !== '' && (
                <p class="critical wide" role="alert">
                  {saying.failure}
                </p>
              )
            )}
          </form>
          {read.answer.retired_at === null ? (
            <Confirmed
              label="Retire it"
              question="It is out of service from then on; nothing of it is deleted, and it can be brought back."
              onConfirm={async (why) => {
                const note = [read.answer.note, why].filter((one) => one !== '').join('; ');
                await api.post('/api/v1/assets/{gpu_uuid}/retire', { params, body: { note } });
                taken(await api.tagged('/api/v1/assets/{gpu_uuid}', { params }));
              }}
            />
          ) : (
            <p class="quiet">Retired {dateText(Date.parse(read.answer.retired_at))}. Another status brings it back.</p>
          )}
        </>
      )}
    </section>
  );
}

/** What a person has typed over what was read. */
function typedOf(asset: Asset, draft: AssetDraft): AssetDraft {
  const before = draftOf(asset);
  return Object.fromEntries(Object.entries(draft).filter(([name, value]) => value !== before[name]));
}
