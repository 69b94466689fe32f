import { useState } from 'preact/hooks';
import type { FailureType } from '../../../pipeline/contract/predictions.ts';
import type { LabelAnswer, SuggestionAnswer } from './answers.ts';
import { timeText } from './format-time.ts';
import { gpuName, type NamedGpu } from './incident-text.ts';
import type { Telling } from './labels-page.tsx';
import { gpuPath } from './router.ts';
import { TypeSelect } from './type-select.tsx';

/** A failure, told of or suggested, and what a person may say of it. */
export function LabelEntry(props: {
  readonly label: SuggestionAnswer;
  /** Null: only suggested. */
  readonly status: LabelAnswer['status'] | null;
  readonly gpu: NamedGpu | undefined;
  readonly now: number;
  readonly onTell: (telling: Telling) => Promise<void>;
}) {
  const { label, status, gpu, now, onTell } = props;
  const { gpu_uuid, node, failed_at, note, source } = label;
  const [type, setType] = useState<FailureType>(label.type);
  const [saying, setSaying] = useState(false);
  const [failure, setFailure] = useState('');
  const say = async (said: LabelAnswer['status']): Promise<void> => {
    setSaying(true);
    setFailure('');
    try {
      await onTell({ gpu_uuid, failed_at, type, note, source: source as NonNullable<Telling['source']>, status: said });
    } catch (error) {
      setFailure((error as Error).message);
    } finally {
      setSaying(false);
    }
  };
  return (
    <li class={`card label ${status ?? 'waiting'}`} data-gpu={gpu_uuid} data-status={status ?? 'waiting'}>
      <div class="line">
        <b>
          <a href={gpuPath(gpu_uuid)} title={gpu_uuid}>
            {gpu === undefined && node !== '' ? `${node} · ${gpu_uuid.slice(0, 12)}` : gpuName(gpu, gpu_uuid)}
          </a>
        </b>
        {status !== null && (
          <span>
            {type} · {status}
          </span>
        )}
        <span class="quiet">from {SOURCES[source] ?? source}</span>
        <time class="quiet age" dateTime={failed_at} title={failed_at}>
          {timeText(Date.parse(failed_at), now)}
        </time>
      </div>
      {note !== '' && <p class="why">{note}</p>}
      <div class="line">
        {status === null && <TypeSelect value={type} onChange={setType} />}
        {status !== 'confirmed' && (
          <button type="button" disabled={saying} onClick={() => say('confirmed')}>
            {status === null ? 'Confirm' : 'Confirm after all'}
          </button>
        )}
        {status !== 'rejected' && (
          <button type="button" disabled={saying} onClick={() => say('rejected')}>
            {status === 'confirmed' ? 'Take back' : 'Reject'}
          </button>
        )}
      </div>
      {failure !== '' && (
        <p class="critical" role="alert">
          {failure}
        </p>
      )}
    </li>
  );
}

const SOURCES: Readonly<Record<string, string>> = {
  hand: 'a person',
  csv: 'a file',
  rma: 'the inventory',
  episode: 'a fault story',
};
