import { describe, expect, it } from 'vitest';
import { BUNDLE_BYTES_MAX, modelManifest, modelManifestDraft } from './manifest.ts';

const GIVEN = { version: 3, created_at: 1_767_225_600_000, sha256: 'ab'.repeat(32), size_bytes: 12 };

describe('manifest', () => {
  it('knows nothing that nobody told', () => {
    expect(modelManifest.parse(GIVEN)).toEqual({
      ...GIVEN,
      name: 'failure-prediction',
      trained_on: 'unknown',
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
      metrics: {},
      card: '',
      parent_version: null,
      note: '',
    });
  });

  it('comes back from JSON as it was', () => {
    const manifest = modelManifest.parse({
      ...GIVEN,
      trained_on: 'simulated',
      lineage: {
        rows: 10,
        gpus: 2,
        positives: 0,
        seed: -7,
        params: { eta: 0.05, trees: { depth: [6, null] } },
        trigger: { what: 'features', model: 'failure-prediction 2', why: '40 % has moved' },
      },
      metrics: { auc: 0.91, 'recall at 0.5': 0 },
      card: '# Card\n\n*ünïcode*',
      parent_version: 2,
    });
    expect(modelManifest.parse(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  });

  it.each([
    ['no version', { version: undefined }],
    ['version 0', { version: 0 }],
    ['half a version', { version: 1.5 }],
    ['a short checksum', { sha256: 'ab' }],
    ['an empty bundle', { size_bytes: 0 }],
    ['a bundle beyond the limit', { size_bytes: BUNDLE_BYTES_MAX + 1 }],
    ['unknown data', { trained_on: 'imagined' }],
    ['a metric that is no number', { metrics: { auc: 'high' } }],
    ['a metric that JSON cannot carry', { metrics: { auc: Number.NaN } }],
    ['an infinite metric', { metrics: { auc: Number.POSITIVE_INFINITY } }],
    ['a negative count', { lineage: { rows: -1 } }],
    ['a reason that is none', { lineage: { trigger: { what: 'mood', model: '', why: '' } } }],
    ['a name with a path in it', { name: '../model' }],
    ['an endless card', { card: 'x'.repeat(200_000) }],
  ])('refuses %s', (_, wrong) => {
    expect(modelManifest.safeParse({ ...GIVEN, ...wrong }).success).toBe(false);
  });

  it('leaves version, size and checksum of a draft to the registry', () => {
    const draft = modelManifestDraft.parse({ version: 9, sha256: 'x', size_bytes: 1, note: 'n' });
    expect(draft).not.toHaveProperty('version');
    expect(draft).not.toHaveProperty('sha256');
    expect(draft.note).toBe('n');
  });
});
