import { useState } from 'preact/hooks';
import type { FailureLabelRequest, GetOperations } from '../../client/api-client.ts';
import type { LabelAnswer } from './answers.ts';
import { api } from './api.ts';
import { useFleet, useMay, useNow } from './console-parts.ts';
import { timeText } from './format-time.ts';
import { integer } from './format-value.ts';
import { LabelEntry } from './label-entry.tsx';
import { LabelForm } from './label-form.tsx';
import { Notice } from './notice.tsx';
import { useAsking } from './use-asking.ts';

const EVERY_MS = 60_000;
const SHOWN_MAX = 200;

interface Known {
  readonly labels: GetOperations['/api/v1/failure-labels']['answer'];
  /** Null for whom they are not. */
  readonly suggestions: GetOperations['/api/v1/failure-labels/suggestions']['answer'] | null;
  readonly read_at: number;
}

/** What a person says of a failure: the row's key and what is to stand in it. */
export type Telling = FailureLabelRequest;

/** Failures that happened: those told of, those that seem to have been some, and a form to tell of one. */
export function LabelsPage() {
  const fleet = useFleet();
  const now = useNow();
  const may = useMay();
  const suggested = may('GET /api/v1/failure-labels/suggestions');
  const telling = may('POST /api/v1/failure-labels');
  const [known, setKnown] = useState<Known | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [told, setTold] = useState(0);
  useAsking(
    async (signal) => {
      try {
        const [labels, suggestions] = await Promise.all([
          api.get('/api/v1/failure-labels', { query: { limit: SHOWN_MAX }, signal }),
          suggested ? api.get('/api/v1/failure-labels/suggestions', { query: { limit: SHOWN_MAX }, signal }) : null,
        ]);
        setKnown({ labels, suggestions, read_at: Date.now() });
        setFailure(null);
        return true;
      } catch (error) {
        if (signal.aborted) return true;
        setFailure((error as Error).message);
        return false;
      }
    },
    { about: String(told), hint: '', every_ms: EVERY_MS },
  );
  const tell = async (telling: Telling): Promise<void> => {
    await api.post('/api/v1/failure-labels', { body: telling });
    setTold((count) => count + 1);
  };

  return (
    <div class="labels">
      <h1>
        Failures <span class="quiet">{known === null ? '' : `${integer(known.labels.total)} told of`}</span>
      </h1>
      <p class="quiet">
        Models learn from failures that a person confirmed, and are judged by them. What is not told of counts as
        survival.
      </p>
      {failure !== null && (
        <div class="banner" role="alert" data-testid="labels-failure">
          Failures cannot be read just now ({failure}).
          {known !== null && ` What is shown is of ${timeText(known.read_at, now)}.`}
        </div>
      )}
      {telling && <LabelForm onTell={tell} />}
      {known === null ? (
        failure === null && (
          <section class="card" aria-busy="true">
            <Notice title="Loading">Asking for failures.</Notice>
          </section>
        )
      ) : (
        <>
          {known.suggestions !== null && (
            <section aria-labelledby="suggested-title">
              <h2 id="suggested-title">
                Were these failures? <span class="quiet">{integer(known.suggestions.total)} waiting</span>
              </h2>
              {known.suggestions.items.length === 0 ? (
                <p class="card quiet" data-testid="no-suggestion">
                  Nothing waits for a word: fault stories and the inventory show no failure that is not told of.
                </p>
              ) : (
                <ol class="list" data-testid="label-suggestions">
                  {known.suggestions.items.map((one) => (
                    <LabelEntry
                      key={`${one.gpu_uuid} ${one.failed_at}`}
                      label={one}
                      status={null}
                      gpu={fleet.gpus.get(one.gpu_uuid)}
                      now={now}
                      onTell={tell}
                    />
                  ))}
                </ol>
              )}
            </section>
          )}
          <section aria-labelledby="told-title">
            <h2 id="told-title">Told of</h2>
            {known.labels.items.length === 0 ? (
              <p class="card quiet" data-testid="no-label">
                No failure was told of yet.
              </p>
            ) : (
              <ol class="list" data-testid="label-list">
                {known.labels.items.map((one) => (
                  <LabelEntry
                    key={`${one.gpu_uuid} ${one.failed_at}`}
                    label={one as LabelAnswer}
                    status={(one as LabelAnswer).status}
                    gpu={fleet.gpus.get(one.gpu_uuid)}
                    now={now}
                    onTell={tell}
                  />
                ))}
              </ol>
            )}
            {known.labels.total > known.labels.items.length && (
              <p class="quiet">
                The {integer(known.labels.items.length)} newest of {integer(known.labels.total)} are shown.
              </p>
            )}
          </section>
        </>
      )}
    </div>
  );
}
