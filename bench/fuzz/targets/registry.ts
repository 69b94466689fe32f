import { createHash } from 'node:crypto';
import { settableClock } from '../../../pipeline/clock.ts';
import { VitalsError } from '../../../pipeline/contract/errors.ts';
import { registryOverStore } from '../../../pipeline/registry/registry-over-store.ts';
import type { RegistryStore } from '../../../pipeline/registry/registry-store.ts';
import { bytesOf, type FuzzTarget, law, textOf } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { SAMPLE_TS } from '../sample-telemetry.ts';

const BUNDLE = bytesOf('a bundle');
const sha256 = createHash('sha256').update(BUNDLE).digest('hex');
const MANIFEST = {
  ...{
    version: 1,
    created_at: SAMPLE_TS,
    sha256,
    size_bytes: BUNDLE.length,
    name: 'failure-prediction',
    trained_on: 'real',
  },
  lineage: { rows: 3, params: { max_depth: 4, deep: [[1]] } },
  metrics: { auc: 0.9 },
};
const BOOK = {
  aliases: { champion: { version: 1, before: [] }, challenger: { version: null, before: [1] } },
  history: [{ at: SAMPLE_TS, alias: 'champion', from: null, to: 1, by: 'ann', why: 'better' }],
};
const SEPARATOR = '\n---\n';

/** Where a registry may look at all: the manifest, the aliases and the bundle that it was given. */
const storeOf = (manifest: string, book: string): RegistryStore => ({
  place: 'fuzz',
  manifests: async () => [{ version: 1, text: manifest }],
  manifest: async (version) => (version === 1 ? manifest : null),
  bytes: async () => BUNDLE,
  add: async (_, manifestOf) => manifestOf(2),
  book: async () => ({ text: book, edition: '1' }),
  replaceBook: async () => true,
  followBook: async function* () {},
});

/** A manifest, `---`, the aliases: read, listed, resolved, changed. */
export const registry: FuzzTarget = {
  name: 'registry',
  summary: 'manifests and aliases of a model registry',
  seeds: [
    bytesOf(JSON.stringify(MANIFEST) + SEPARATOR + JSON.stringify(BOOK)),
    bytesOf(JSON.stringify(MANIFEST)),
    bytesOf(SEPARATOR + JSON.stringify(BOOK)),
    ...keptInputs('registry'),
  ],
  words: ['champion', 'challenger', '"version":', '"before":', '"params":', '"card":', SEPARATOR],
  bytes_max: 16_384,
  grown_bytes_max: 393_216,
  async feed(input) {
    const [manifest = '', book = ''] = textOf(input).split(SEPARATOR);
    const told: VitalsError[] = [];
    const models = registryOverStore(storeOf(manifest, book), {
      clock: settableClock(SAMPLE_TS),
      tell: (error) => told.push(error),
    });
    let taken = 0;
    const step = async (run: () => Promise<unknown>): Promise<void> => {
      try {
        await run();
        taken++;
      } catch (error) {
        if (!(error instanceof VitalsError)) throw error;
      }
    };
    await step(async () => {
      for (const one of await models.list()) law(one.version === 1 && one.sha256.length === 64, 'another manifest');
    });
    law(
      told.every((error) => error instanceof VitalsError),
      'told of something else',
    );
    await step(() => models.get('champion'));
    await step(async () => law((await models.get(1)).manifest.size_bytes === BUNDLE.length, 'other bytes'));
    await step(() => models.aliases());
    await step(() => models.setAlias('champion', 1, { by: 'ann', why: 'fuzz' }));
    await step(() => models.rollback('challenger', { by: 'ann', why: 'fuzz' }));
    return taken > 2;
  },
};
