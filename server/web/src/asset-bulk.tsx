import { useState } from 'preact/hooks';
import { capital } from './action-text.ts';
import { api } from './api.ts';
import { STATUSES } from './asset-fields.ts';
import { integer } from './format-value.ts';
import { SelectField } from './select-field.tsx';
import { TextField } from './text-field.tsx';

const FIELDS = ['owner', 'tenant', 'cluster', 'rack', 'status'] as const;
const AT_ONCE = 6;
const SHOWN_MAX = 10;

interface Outcome {
  readonly done: number;
  readonly failed: readonly { readonly gpu_uuid: string; readonly why: string }[];
}

/** One fact of many assets, each on its own: what could not be changed is told by name. */
export function AssetBulk(props: {
  readonly uuids: readonly string[];
  readonly onDone: (failed: readonly string[]) => void;
}) {
  const { uuids, onDone } = props;
  const [field, setField] = useState<(typeof FIELDS)[number]>('owner');
  const [value, setValue] = useState('');
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const status = field === 'status';
  const told = status && value === '' ? 'active' : value.trim();
  const apply = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const failed: { gpu_uuid: string; why: string }[] = [];
    let done = 0;
    const waiting = [...uuids];
    const work = async (): Promise<void> => {
      for (let uuid = waiting.shift(); uuid !== undefined; uuid = waiting.shift()) {
        try {
          await api.patch('/api/v1/assets/{gpu_uuid}', { params: { gpu_uuid: uuid }, body: { [field]: told } });
          done++;
        } catch (error) {
          failed.push({ gpu_uuid: uuid, why: (error as Error).message });
        }
        setOutcome({ done, failed: [...failed] });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    setBusy(false);
    onDone(failed.map(({ gpu_uuid }) => gpu_uuid));
  };
  return (
    <form class="entry-form bulk" aria-label="Change all chosen assets" data-testid="asset-bulk" onSubmit={apply}>
      <SelectField
        label={`Change of ${integer(uuids.length)} chosen`}
        value={field}
        options={FIELDS.map((one): [string, string] => [one, capital(one)])}
        onChange={(next) => {
          setField(next as typeof field);
          setValue('');
        }}
      />
      {status ? (
        <SelectField
          label="to"
          value={told}
          options={STATUSES.map((one): [string, string] => [one, capital(one)])}
          onChange={setValue}
        />
      ) : (
        <TextField label="to" value={value} onInput={setValue} placeholder="Empty: not known" />
      )}
      <div class="buttons">
        <button type="submit" class="act" disabled={busy || uuids.length === 0}>
          {busy ? `${integer(outcome?.done ?? 0)} of ${integer(uuids.length)}` : `Change ${integer(uuids.length)}`}
        </button>
      </div>
      {outcome !== null && !busy && (
        <div class="wide" role="status" data-testid="bulk-outcome">
          <p>
            {integer(outcome.done)} changed
            {outcome.failed.length === 0 ? '.' : `, ${integer(outcome.failed.length)} not; those stay chosen:`}
          </p>
          <ul class="critical">
            {outcome.failed.slice(0, SHOWN_MAX).map(({ gpu_uuid, why }) => (
              <li key={gpu_uuid}>
                {gpu_uuid}: {why}
              </li>
            ))}
          </ul>
        </div>
      )}
    </form>
  );
}
