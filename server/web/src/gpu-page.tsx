import type { RecoveryAction } from '../../../pipeline/contract/events.ts';
import { AnomalyList } from './anomaly-list.tsx';
import type { EpisodeAnswer, ForecastAnswer, HealthAnswer } from './answers.ts';
import { useNow } from './console-parts.ts';
import { DecisionCard } from './decision-card.tsx';
import { EpisodeList } from './episode-list.tsx';
import { episodeTitle } from './episode-text.ts';
import { EvidenceCard } from './evidence-card.tsx';
import { ForecastList } from './forecast-list.tsx';
import { instant, timeText } from './format-time.ts';
import { GpuFacts } from './gpu-facts.tsx';
import { LiveValues } from './live-values.tsx';
import { compareAnomalies } from './needs-me.ts';
import { Notice } from './notice.tsx';
import { PlotsPanel } from './plots-panel.tsx';
import { PointsList } from './points-list.tsx';
import { pointsLost } from './points-lost.ts';
import { PredictionCard } from './prediction-card.tsx';
import { RecoveryCard } from './recovery-card.tsx';
import { fleetHref, nodePath, setQuery, useAddress } from './router.ts';
import { Segmented } from './segmented.tsx';
import { SeverityBadge } from './severity-badge.tsx';
import { ThrottleList } from './throttle-list.tsx';
import { useGpu } from './use-gpu.ts';
import { VerdictCard } from './verdict-card.tsx';

/** One GPU: what to think of it, then everything that is known. */
export function GpuPage({ gpu_uuid }: { readonly gpu_uuid: string }) {
  const gpu = useGpu(gpu_uuid);
  const { state, verdict, unknown, failure, anomalies, scores, predictions, decision, episodes, forecasts } = gpu;
  const { query } = useAddress();
  const now = useNow();
  const known = state ?? verdict;
  // Live readings come first; without the verdict they would be shown as a GPU of which nothing is known.
  const asking = verdict === null && failure === null && !unknown;

  if (known === null || asking) {
    return (
      <div class="gpu">
        <Back />
        <section class="card">
          {unknown && state === null ? (
            <Notice title="This GPU is not known">
              Nothing was ever heard of <code>{gpu_uuid}</code>. If it has just been added, it appears with its first
              sample.
            </Notice>
          ) : failure !== null ? (
            <Notice title="The GPU cannot be read just now" tone="critical">
              {failure}. Trying again.
            </Notice>
          ) : (
            <Notice title="Loading">Asking for this GPU.</Notice>
          )}
        </section>
      </div>
    );
  }

  const chosen = query.get('instance');
  const samples = [...(known.sample?.instance === '' ? [known.sample] : []), ...known.instances];
  const sample = samples.find(({ instance }) => instance === chosen) ?? known.sample;
  const open = anomalies.filter((anomaly) => anomaly.state === 'open').sort(compareAnomalies);
  const rest = anomalies.filter((anomaly) => anomaly.state !== 'open');
  const stale_since = instant(known.stale_since);
  const sampled_at = sample === null ? null : instant(sample.ts);
  const health = partOf(scores, sample?.instance ?? '', ({ overall_score }) => overall_score ?? 0);
  const prediction = partOf(predictions, sample?.instance ?? '', ({ failure_prob_30d }) => -failure_prob_30d);
  const unavailable = verdict?.unavailable ?? [];
  return (
    <div class="gpu">
      <Back node={known.node} />
      <VerdictCard
        title={
          <>
            {known.node}
            {known.slot !== '' && ` · GPU ${known.slot}`}
            <span class="quiet"> {known.model}</span>
            {open[0] !== undefined && stale_since === null && <SeverityBadge severity={open[0].severity} />}
          </>
        }
        known={{ health, anomalies: open, sampled_at, stale_since, now }}
        failure={scoreFailure(failure, unavailable)}
      >
        {samples.length > 1 && (
          <Segmented
            name="Part of the board"
            value={sample?.instance ?? ''}
            options={samples.map(({ instance }) => [instance, instance === '' ? 'Whole board' : `MIG ${instance}`])}
            onChange={(instance) => setQuery({ instance })}
          />
        )}
      </VerdictCard>
      {stale_since !== null && (
        <div class="banner" role="alert" data-testid="stale-banner">
          No data from this GPU since {timeText(stale_since, now)}. What is shown is its last known state.
        </div>
      )}
      <div class="foreseen">
        <PredictionCard prediction={prediction} failed={unavailable.includes('prediction')} now={now} />
        <DecisionCard
          gpu_uuid={gpu_uuid}
          decision={decision}
          basis={{
            prediction,
            model: known.model,
            power_watts: null,
            age_days: daysFrom(verdict?.asset?.deployed_at ?? null, now),
            warranty_days: daysUntil(verdict?.asset?.warranty_until ?? null, now),
          }}
          failed={unavailable.includes('decision')}
          now={now}
        />
      </div>
      <div class="columns">
        <div class="main">
          <PlotsPanel
            gpu_uuid={gpu_uuid}
            sample={sample}
            anomalies={anomalies}
            episodes={episodes}
            forecasts={forecasts ?? NO_FORECASTS}
            range={query.get('range') ?? ''}
            ahead={query.get('ahead') ?? ''}
            now={now}
          />
          <LiveValues sample={sample} wanted={query.get('metric') ?? ''} />
        </div>
        <div class="side">
          <PointsList health={health} />
          <RecoveryCard
            {...recoveryOf(health, episodes)}
            next={health === null ? '' : (pointsLost(health)[0]?.action ?? '')}
            target={{ node: known.node, gpu_uuid, pci_bus_id: verdict?.asset?.pci_bus_id ?? '' }}
          />
          <AnomalyList anomalies={[...open, ...rest]} now={now} />
          <EpisodeList episodes={episodes} failed={unavailable.includes('episodes')} now={now} />
          <ForecastList forecasts={forecasts} now={now} />
          <ThrottleList mask={sample?.throttle_reasons} />
          <EvidenceCard gpu_uuid={gpu_uuid} />
          <GpuFacts
            gpu_uuid={gpu_uuid}
            verdict={verdict}
            sample={sample}
            node={known.node}
            slot={known.slot}
            model={known.model}
          />
        </div>
      </div>
    </div>
  );
}

const NO_FORECASTS: readonly ForecastAnswer[] = [];

/** What is to be done: what the score says, else what a story that goes on asks for. */
function recoveryOf(
  health: HealthAnswer | null,
  episodes: readonly EpisodeAnswer[],
): { readonly action: RecoveryAction; readonly because: string } {
  if (health !== null && health.action !== 'none') return { action: health.action, because: 'says the health score' };
  const story = episodes.find(({ ended_at, action }) => ended_at === null && action !== 'none');
  return story === undefined
    ? { action: 'none', because: '' }
    : { action: story.action, because: `for ${episodeTitle(story)}` };
}

/** The row of the chosen part, else the board's, else the worst of its parts: that of the lowest key. */
function partOf<Row extends { readonly instance: string }>(
  rows: readonly Row[],
  instance: string,
  key: (row: Row) => number,
): Row | null {
  const own = rows.find((one) => one.instance === instance) ?? rows.find((one) => one.instance === '');
  return own ?? [...rows].sort((a, b) => key(a) - key(b))[0] ?? null;
}

const DAY_MS = 86_400_000;
const daysFrom = (text: string | null, now: number): number | null =>
  text === null ? null : (now - Date.parse(text)) / DAY_MS;
const daysUntil = (text: string | null, now: number): number | null =>
  text === null ? null : (Date.parse(text) - now) / DAY_MS;

function scoreFailure(failure: string | null, unavailable: readonly string[]): string | null {
  if (failure !== null) return `The score cannot be read just now: ${failure}. Trying again.`;
  return unavailable.includes('health') ? 'The score cannot be read just now. Trying again.' : null;
}

function Back({ node }: { readonly node?: string }) {
  return (
    <nav class="crumbs" aria-label="Where you are">
      <a href={fleetHref()}>Fleet</a>
      {node !== undefined && node !== '' && <a href={nodePath(node)}>{node}</a>}
      <span class="quiet small back">
        <kbd>Esc</kbd> back to the fleet
      </span>
    </nav>
  );
}
