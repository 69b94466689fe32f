import { useEffect, useRef, useState } from 'preact/hooks';
import type { AliasMove, Model } from '../../client/api-client.ts';
import { AnswerState } from './answer-state.tsx';
import { api } from './api.ts';
import { ChampionChallenger, performanceOf } from './champion-challenger.tsx';
import { Confirmed } from './confirmed.tsx';
import { useNow } from './console-parts.ts';
import { DriftList } from './drift-list.tsx';
import { integer } from './format-value.ts';
import { ModelDetails } from './model-details.tsx';
import { ModelEntry } from './model-entry.tsx';
import { useAddress } from './router.ts';
import { useAnswer } from './use-answer.ts';
import { useModels } from './use-origins.ts';

const PERFORMANCE_EVERY_MS = 300_000;
const HORIZON = 30 as const;
/** By then every engine judges by what was changed. */
const SETTLED_MS = 12_000;

/** Every failure model: which judges, how good each was, how far the fleet has moved from it; and changing that. */
export function ModelsPage() {
  const now = useNow();
  const { query } = useAddress();
  const [told, setTold] = useState(0);
  const [moved, setMoved] = useState('');
  const models = useModels(told);
  const settling = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(settling.current), []);
  const performance = useAnswer(
    (signal) => api.get('/api/v1/models/performance', { query: { horizon: `${HORIZON}` }, signal }),
    { about: '', every_ms: PERFORMANCE_EVERY_MS },
  );
  const move = async (answer: Promise<AliasMove>): Promise<void> => {
    const { alias, version, before } = await answer;
    const was = before === null || before === version ? '' : `, before it was version ${before}`;
    setMoved(
      version === null
        ? `No version is ${alias} any more${was}. What is configured judges within seconds.`
        : `Version ${version} is ${alias}${was}. It judges within seconds.`,
    );
    const readAnew = (): void => setTold((count) => count + 1);
    readAnew();
    clearTimeout(settling.current);
    settling.current = setTimeout(readAnew, SETTLED_MS);
  };
  const chosen = query.get('version') ?? '';
  const performances = performance.value?.items ?? [];
  return (
    <div class="models">
      <div class="head">
        <h1>
          Models <span class="quiet">{models.value === null ? '' : integer(models.value.total)}</span>
        </h1>
        <div class="grow" />
        <Confirmed
          label="Roll back"
          question="Point champion to the version that it had before?"
          onConfirm={(why) => move(api.post('/api/v1/models/rollback', { body: { why } }))}
        />
      </div>
      {moved !== '' && (
        <p class="card" role="status" data-testid="model-moved">
          {moved}
        </p>
      )}
      <AnswerState answered={models} what="Models" now={now}>
        {({ items }) => (
          <>
            {judging(items).length > 1 && <ChampionChallenger judging={judging(items)} performance={performances} />}
            <ol class="list" data-testid="model-list">
              {byRole(items).map((model) => (
                <ModelEntry
                  key={model.version}
                  model={model}
                  performance={performanceOf(performances, model)}
                  chosen={model.version === chosen}
                  now={now}
                  onPromote={(why) =>
                    move(
                      api.post('/api/v1/models/{version}/promote', {
                        params: { version: model.version },
                        body: { why },
                      }),
                    )
                  }
                />
              ))}
            </ol>
          </>
        )}
      </AnswerState>
      {chosen !== '' && <ModelDetails key={`${chosen} ${told}`} version={chosen} now={now} />}
      <DriftList told={told} now={now} />
    </div>
  );
}

/** Those that judge first, the rest as given: newest first. */
const byRole = (models: readonly Model[]): readonly Model[] =>
  [...models].sort((a, b) => b.judges_ratio - a.judges_ratio);

/** The champion before its challenger, whatever their shares. */
const judging = (models: readonly Model[]): readonly Model[] =>
  byRole(models)
    .filter(({ judges_ratio }) => judges_ratio > 0)
    .sort((a, b) => Number(a.aliases.includes('challenger')) - Number(b.aliases.includes('challenger')));
