import { isAbsolute, normalize } from 'node:path';
import { allFiles, parseManifest } from '../../../pipeline/backup/manifest.ts';
import { isOwnStream } from '../../../pipeline/bus/stream-copy.ts';
import { VitalsError } from '../../../pipeline/contract/errors.ts';
import { TABLES } from '../../../pipeline/contract/tables.ts';
import { bytesOf, type FuzzTarget, law, textOf } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { SAMPLE_TS } from '../sample-telemetry.ts';

const file = (path: string): object => ({ path, bytes: 3, sha256: 'ab'.repeat(32) });
const MANIFEST = {
  ...{ backup_version: 1, made_by: '0.1.0', started_at: SAMPLE_TS, finished_at: SAMPLE_TS + 1 },
  streams: [
    {
      name: 'DCGM_RAW',
      messages: 2,
      created: '2026-01-01',
      config: { name: 'DCGM_RAW' },
      state: { last_seq: 2 },
      file: file('streams/DCGM_RAW.snapshot'),
    },
    {
      name: 'KV_VITALS_KEYS',
      messages: 1,
      created: '',
      config: { name: 'KV_VITALS_KEYS' },
      state: {},
      file: file('streams/KV_VITALS_KEYS.snapshot'),
    },
  ],
  tables: [
    {
      name: 'gpu_metrics',
      columns: [{ name: 'ts', type: 'TIMESTAMP' }],
      rows: 1,
      files: [{ ...file('tables/gpu_metrics/000000.csv.gz'), rows: 1 }],
    },
  ],
  snapshots: [file('snapshots/group-07.snap'), file('snapshots/manifest.snap')],
  config: file('config.json'),
};

/** The manifest of a backup that somebody brought: it names streams and tables of ours, and files of its own folder. */
export const backups: FuzzTarget = {
  name: 'backups',
  summary: 'manifest of a backup',
  seeds: [bytesOf(JSON.stringify(MANIFEST)), ...keptInputs('backups')],
  words: [
    '"path":',
    '../',
    '/',
    '..',
    '.',
    'streams/../../x',
    '"name":',
    "x'); DROP TABLE gpu_metrics; --",
    'KV_OTHER',
    '"backup_version":2',
  ],
  bytes_max: 16_384,
  grown_bytes_max: 524_288,
  feed(input) {
    try {
      const manifest = parseManifest(textOf(input), 'fuzz');
      for (const { path } of allFiles(manifest)) {
        law(!isAbsolute(path) && normalize(path) === path && !path.startsWith('..'), `the file ${path}`);
      }
      for (const { name, config } of manifest.streams) {
        law(isOwnStream(name) && config.name === name, `the stream ${name}, ${String(config.name)}`);
      }
      for (const { name } of manifest.tables)
        law(
          TABLES.some((table) => table.name === name),
          `the table ${name}`,
        );
    } catch (error) {
      if (error instanceof VitalsError) return false;
      throw error;
    }
    return true;
  },
};
