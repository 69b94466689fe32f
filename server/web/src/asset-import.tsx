import { useState } from 'preact/hooks';
import type { AssetImport as Import } from '../../client/api-client.ts';
import { api } from './api.ts';
import { integer } from './format-value.ts';
import { useSaying } from './use-saying.ts';

const SHOWN_MAX = 50;

/** Inventory from a file: first what it would do and what is wrong with it, then the doing. */
export function AssetImport({ onDone, onLeave }: { readonly onDone: () => void; readonly onLeave: () => void }) {
  const [file, setFile] = useState<{ readonly name: string; readonly text: string } | null>(null);
  const [preview, setPreview] = useState<Import | null>(null);
  const [done, setDone] = useState<Import | null>(null);
  const saying = useSaying();
  const look = async (chosen: File | undefined): Promise<void> => {
    setFile(null);
    setPreview(null);
    setDone(null);
    if (chosen === undefined) return;
    await saying.say(async () => {
      const text = await chosen.text();
      setPreview(await api.post('/api/v1/assets/preview', { body: { csv: text } }));
      setFile({ name: chosen.name, text });
    });
  };
  const bring = async (): Promise<void> => {
    if (file === null || preview === null) return;
    const query = preview.problems.length > 0 ? ({ partial: 'true' } as const) : undefined;
    const stored = await saying.say(async () => {
      setDone((await api.post('/api/v1/assets', { query, csv: file.text })) as Import);
      setFile(null);
      setPreview(null);
    });
    if (stored) onDone();
  };
  const shown = done ?? preview;
  const news = (preview?.added ?? 0) + (preview?.changed ?? 0);
  return (
    <section class="card" aria-labelledby="import-title" data-testid="asset-import">
      <div class="head">
        <h2 id="import-title">Import of a CSV file</h2>
        <div class="grow" />
        <button type="button" onClick={onLeave}>
          Close
        </button>
      </div>
      <p class="quiet">
        The columns are those of the export; only gpu_uuid must be there, and columns that are not there stay as they
        are.
      </p>
      <div class="line">
        <input
          type="file"
          accept=".csv,text/csv"
          aria-label="CSV file"
          onChange={(event) => look(event.currentTarget.files?.[0])}
        />
        {preview !== null && (
          <button type="button" class="act" disabled={saying.busy || news === 0} onClick={bring}>
            {news === 0
              ? 'Nothing to import'
              : `Import ${integer(news)}${preview.problems.length > 0 ? ' good rows' : ''}`}
          </button>
        )}
      </div>
      {shown !== null && (
        <div role="status" data-testid="import-outcome" data-done={done !== null}>
          <p>
            {done === null ? 'It would add' : 'Added'} <b>{integer(shown.added)}</b>,{' '}
            {done === null ? 'change' : 'changed'} <b>{integer(shown.changed)}</b>, and {integer(shown.unchanged)}{' '}
            {done === null ? 'stay' : 'stayed'} as they are.
            {shown.problems.length > 0 && ` ${integer(shown.problems.length)} problems:`}
          </p>
          <ol class="problems">
            {shown.problems.slice(0, SHOWN_MAX).map(({ line, field, detail }) => (
              <li key={`${line} ${field} ${detail}`}>
                <span class="quiet">line {integer(line)}</span> {field === '' ? '' : `${field} `}
                {detail}
              </li>
            ))}
          </ol>
          {shown.problems.length > SHOWN_MAX && <p class="quiet">The first {SHOWN_MAX} are shown.</p>}
        </div>
      )}
      {saying.failure !== '' && (
        <p class="critical" role="alert">
          {saying.failure}
        </p>
      )}
    </section>
  );
}
