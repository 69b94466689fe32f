import { type AliasBook, aliasBook, versionOf } from '../../models/registry/alias-book.ts';
import { modelManifest } from '../../models/registry/manifest.ts';
import { lookAtBucket } from '../bus/look-at-bucket.ts';
import type { Bus } from '../contract/bus.ts';
import { days } from '../contract/time.ts';
import { MODEL_RECORDS } from '../registry/nats-registry.ts';
import { type Finding, finding } from './finding.ts';
import { spanText } from './in-words.ts';

export interface ModelFacts {
  /** What the alias `champion` points to; null when to none. */
  readonly champion: number | null;
  /** Null when that version is not in the registry, or cannot be read. */
  readonly manifest: {
    readonly created_at: number;
    /** Event time of the last row that it learned from, epoch ms. */
    readonly data_to: number | null;
  } | null;
}

const STALE_MS = days(90);

/** Fleets change: a model that has not learned for a quarter knows other drivers, other loads and other boards. */
export function judgeModels({ champion, manifest }: ModelFacts, now: number): Finding {
  if (champion === null) {
    return finding('models', 'champion', { what: 'no version is the champion: the shipped model is asked, if any' });
  }
  if (manifest === null) {
    return finding('models', 'champion', {
      state: 'fail',
      what: `champion points to version ${champion}, which is not there or damaged`,
      code: 'GV-MDL-102',
      action: 'Point it to another one: `gpu-vitals models list`, then `gpu-vitals models promote`.',
      figures: { version: champion },
    });
  }
  const age_ms = Math.max(0, now - (manifest.data_to ?? manifest.created_at));
  const figures = { version: champion, age_ms };
  return finding('models', 'champion', {
    state: age_ms > STALE_MS ? 'warn' : 'ok',
    what: `version ${champion} learned of what is ${spanText(age_ms)} old`,
    action: 'Train another one with `gpu-vitals models train`, compare, and `gpu-vitals models promote` it.',
    figures,
  });
}

export async function lookAtModels(bus: Bus): Promise<ModelFacts> {
  const { bucket, book, manifests } = MODEL_RECORDS;
  const stored = (await lookAtBucket(bus, bucket, book)).at(-1);
  const champion =
    stored === undefined ? null : versionOf(aliasBook.parse(json(stored.value)) as AliasBook, 'champion');
  if (champion === null) return { champion, manifest: null };
  for (const { value } of await lookAtBucket(bus, bucket, manifests)) {
    const { success, data } = modelManifest.safeParse(json(value));
    if (!success || data.version !== champion) continue;
    return { champion, manifest: { created_at: data.created_at, data_to: data.lineage.data_to } };
  }
  return { champion, manifest: null };
}

function json(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString('utf8'));
  } catch {
    return null;
  }
}
