import { useState } from 'preact/hooks';
import type { FailureType } from '../../../pipeline/contract/predictions.ts';
import type { Telling } from './labels-page.tsx';
import { TypeSelect } from './type-select.tsx';

/** Tells of a failure by hand. */
export function LabelForm({ onTell }: { readonly onTell: (telling: Telling) => Promise<void> }) {
  const [gpu_uuid, setGpu] = useState('');
  const [when, setWhen] = useState('');
  const [type, setType] = useState<FailureType>('memory');
  const [note, setNote] = useState('');
  const [saying, setSaying] = useState(false);
  const [answer, setAnswer] = useState<{ readonly good: boolean; readonly text: string } | null>(null);
  const tell = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSaying(true);
    setAnswer(null);
    try {
      // The field has the viewer's zone.
      const failed_at = new Date(when).toISOString();
      await onTell({
        gpu_uuid: gpu_uuid.trim(),
        failed_at,
        type,
        note: note.trim(),
        source: 'hand',
        status: 'confirmed',
      });
      setAnswer({ good: true, text: `The failure of ${gpu_uuid.trim()} is stored.` });
      setGpu('');
      setNote('');
    } catch (error) {
      setAnswer({ good: false, text: (error as Error).message });
    } finally {
      setSaying(false);
    }
  };
  return (
    <form class="card telling" data-testid="label-form" aria-label="Tell of a failure" onSubmit={tell}>
      <label>
        GPU
        <input
          name="gpu_uuid"
          required
          maxLength={256}
          placeholder="GPU-..."
          value={gpu_uuid}
          onInput={(event) => setGpu(event.currentTarget.value)}
        />
      </label>
      <label>
        Failed at
        <input
          name="failed_at"
          type="datetime-local"
          required
          value={when}
          onInput={(event) => setWhen(event.currentTarget.value)}
        />
      </label>
      <div class="field">
        <span aria-hidden="true">Type</span>
        <TypeSelect value={type} onChange={setType} />
      </div>
      <label class="wide">
        Note
        <input name="note" maxLength={4_096} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
      </label>
      <button type="submit" disabled={saying}>
        Tell of a failure
      </button>
      {answer !== null && (
        <p
          class={`wide ${answer.good ? '' : 'critical'}`}
          role={answer.good ? 'status' : 'alert'}
          data-testid="label-answer"
        >
          {answer.text}
        </p>
      )}
    </form>
  );
}
