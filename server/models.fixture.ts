import {
  type AliasBook,
  dropAlias,
  EMPTY_BOOK,
  pointAlias,
  rollBackAlias,
  versionOf,
} from '../models/registry/alias-book.ts';
import type { Clock } from '../pipeline/clock.ts';
import { VitalsError } from '../pipeline/contract/errors.ts';
import type { JudgedReference, KnownModel, ModelDesk } from './model-desk.ts';

/** For a read side that nobody asks for models. */
export const NO_MODEL_DESK: ModelDesk = {
  list: async () => [],
  history: async () => [],
  promote: async (version) => {
    throw new VitalsError('GV-MDL-101', `there is no version ${version}`, 'test');
  },
  rollback: async ({ alias }) => {
    throw new VitalsError('GV-MDL-104', `${alias} points to no version`, 'test');
  },
  reference: async () => null,
};

const CREATED = 1_767_000_000_000;

export const modelOf = (version: string, changes: Partial<KnownModel> = {}): KnownModel => ({
  version,
  name: 'failure-prediction',
  trained_on: 'simulated',
  created_at: CREATED + Number(version) * 86_400_000,
  aliases: [],
  judges_ratio: 0,
  metrics: { auc: 0.93, average_precision: 0.41, brier: 0.012 },
  lineage: {
    data_from: CREATED - 90 * 86_400_000,
    data_to: CREATED,
    rows: 120_000,
    gpus: 1_024,
    positives: 96,
    feature_version: '1',
    seed: 7,
    commit: null,
    params: { eta: 0.05, max_depth: 6 },
    trigger: { what: 'features', model: 'failure-prediction 1', why: 'the fleet has moved' },
  },
  parent_version: null,
  note: `night ${version}`,
  card: `# failure-prediction ${version}\n\n**Trained on simulated fleets.**\n\n<script>alert(1)</script>\n`,
  sha256: 'ab'.repeat(32),
  size_bytes: 2_400_000,
  ...changes,
});

const HEURISTIC = modelOf('heuristic', {
  name: 'heuristic',
  trained_on: 'nothing',
  created_at: null,
  metrics: {},
  lineage: {
    data_from: null,
    data_to: null,
    rows: null,
    gpus: null,
    positives: null,
    feature_version: null,
    seed: null,
    commit: null,
    params: {},
    trigger: null,
  },
  note: 'rules of thumb',
  card: '',
  sha256: null,
  size_bytes: null,
});

/**
 * Versions 1 to 3 in memory under the rules of a registry, of which 2 is the champion, and the heuristic. Whoever is made the
 * challenger judges `share` (0..1) of the GPUs.
 */
export function cannedModels(clock: Clock, reference: JudgedReference | null = null, share = 0): ModelDesk {
  const change = (by: string, why: string) => ({ at: clock.now(), by, why });
  let book: AliasBook = EMPTY_BOOK;
  const text = (version: number | null): string | null => (version === null ? null : String(version));
  for (const version of [1, 2]) book = pointAlias(book, 'champion', version, change('test', ''));
  return {
    async list() {
      const champion = versionOf(book, 'champion');
      const challenger = versionOf(book, 'challenger');
      const left = challenger === null ? 1 : 1 - share;
      const own = ['1', '2', '3'].map((version) =>
        modelOf(version, {
          aliases: Object.keys(book.aliases).filter((alias) => text(versionOf(book, alias)) === version),
          judges_ratio: (text(champion) === version ? left : 0) + (text(challenger) === version ? 1 - left : 0),
        }),
      );
      return [...own, { ...HEURISTIC, judges_ratio: champion === null ? left : 0 }];
    },
    history: async () => book.history,
    async promote(version, { alias, by, why }) {
      const before = text(versionOf(book, alias));
      if (version === 'heuristic') book = dropAlias(book, alias, change(by, why));
      else if (/^[123]$/.test(version)) book = pointAlias(book, alias, Number(version), change(by, why));
      else throw new VitalsError('GV-MDL-101', `there is no version ${version}`, 'test');
      return { alias, version: text(versionOf(book, alias)), before };
    },
    async rollback({ alias, by, why }) {
      const before = text(versionOf(book, alias));
      const rolled = rollBackAlias(book, alias, change(by, why));
      ({ book } = rolled);
      return { alias, version: String(rolled.to), before };
    },
    reference: async () => reference,
  };
}
