import { GroupStates } from '../operators/core/group-state.ts';
import { loadPriceBook } from '../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from './analysis.ts';
import { Assets } from './asset-book.ts';
import { type AssetFacts, mergeAsset } from './asset-merge.ts';
import type { Clock } from './clock.ts';
import type { DeadLetter, HealthProfile, HealthScore } from './contract/events.ts';
import { NO_MODELS } from './contract/failure-model.ts';
import type { Sink } from './contract/ports.ts';
import { type DurationMs, days, parseInstant } from './contract/time.ts';
import { createJsonlReader } from './replay/jsonl-reader.ts';
import { createRowDraft } from './replay/row-draft.ts';
import { createScrapeGrouper } from './replay/scrape-grouper.ts';
import { wireTopology } from './run-topology.ts';
import { fleetVitals, type SinkItems } from './topology.ts';

export interface SamplesToScore {
  /** Rows as JSONL has them, of one GPU, in any order; identity and node may be left out. */
  readonly samples: readonly Readonly<Record<string, unknown>>[];
  readonly asset?: Omit<AssetFacts, 'gpu_uuid'>;
  readonly profile: HealthProfile;
  /** Time between samples, for completeness in the reference profile; without it what is usual in them. */
  readonly interval?: DurationMs;
  readonly clock: Clock;
}

export interface ScoredSamples {
  /** As of the last sample; null when none could be used. */
  readonly score: HealthScore | null;
  /** What was refused of the samples, and why. */
  readonly refused: readonly DeadLetter[];
}

/** Rows without a usable time come first: they are refused wherever they stand. */
const instantOf = ({ ts }: Readonly<Record<string, unknown>>): number => {
  const instant = parseInstant(ts);
  return Number.isNaN(instant) ? Number.NEGATIVE_INFINITY : instant;
};

/** Whom samples without identity are of. */
const ANONYMOUS = { gpu_uuid: 'GPU-sample', node: 'sample' };
/** Samples between two pauses in which others have their turn. */
const ROWS_AT_A_TIME = 1_000;

const collect = <T>(write: (item: T) => void): Sink<T> => ({
  write,
  flush: async () => undefined,
  pressure: () => null,
  close: async () => undefined,
});

/**
 * The health of a GPU from samples at hand: they run through the topology as a replay would, so that a score on demand
 * and a score in the stream cannot differ. About 10 us a sample.
 */
export async function scoreSamples(input: SamplesToScore): Promise<ScoredSamples> {
  const refused: DeadLetter[] = [];
  let score: HealthScore | null = null;
  const assets = new Assets();
  const uuid = input.samples.find(({ gpu_uuid }) => typeof gpu_uuid === 'string')?.gpu_uuid;
  const gpu_uuid = typeof uuid === 'string' ? uuid.trim() : ANONYMOUS.gpu_uuid;
  // What the asset says goes before what the samples say.
  const told = input.asset?.model ? { model: input.asset.model } : {};
  if (input.asset) assets.put(mergeAsset(undefined, { ...input.asset, gpu_uuid }, 0));
  const wired = wireTopology<SinkItems>({
    topology: fleetVitals({
      ...DEFAULT_ANALYSIS,
      profile: input.profile,
      // Only the last one is asked for.
      health_every: days(36_500),
      reference_interval: input.interval ?? null,
      future_max: null,
      assets,
      models: NO_MODELS,
      prices: loadPriceBook(null),
    }),
    states: new GroupStates(),
    clock: input.clock,
    sinks: {
      gpu_health_scores: collect((told) => {
        score = told;
      }),
      dead_letters: collect((letter) => refused.push(letter)),
    },
  });
  let position = 0;
  const grouper = createScrapeGrouper({ position: () => ++position, boot_epoch: 0, start_ms: 0 });
  const reader = createJsonlReader({ grouper, draft: createRowDraft(), node: ANONYMOUS.node });
  const samples = [...input.samples].sort((a, b) => instantOf(a) - instantOf(b));
  for (let from = 0; from < samples.length; from += ROWS_AT_A_TIME) {
    reader.whole(samples.slice(from, from + ROWS_AT_A_TIME).map((row) => ({ ...row, ...told, gpu_uuid })));
    wired.push(grouper.take());
    await new Promise(setImmediate);
  }
  grouper.end();
  wired.push(grouper.take());
  wired.finish(wired.watermark);
  return { score, refused };
}
