import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { NabProfile, NabWindow } from './nab-score.ts';

/** One series of the benchmark. Values are in units of its own. */
export interface NabSeries {
  readonly name: string;
  readonly ts: Float64Array;
  readonly values: Float64Array;
  readonly windows: readonly NabWindow[];
}

export interface NabCorpus {
  readonly series: readonly NabSeries[];
  readonly profiles: readonly NabProfile[];
  /** Published scores by detector and profile: over the benchmark's whole corpus. */
  readonly published: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

type Windows = Record<string, readonly (readonly [from: string, to: string])[]>;
type Profiles = Record<string, { readonly CostMatrix: Record<'tpWeight' | 'fpWeight' | 'fnWeight', number> }>;

/** Series, labels and published figures as the benchmark's repository has them; null where the folder is not there. */
export function readNab(folder: string): NabCorpus | null {
  if (!existsSync(join(folder, 'combined_windows.json'))) return null;
  const json = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const windows = new Map(
    Object.entries(json('combined_windows.json') as Windows).map(([path, list]) => [basename(path, '.csv'), list]),
  );
  return {
    series: readdirSync(folder)
      .filter((file) => file.endsWith('.csv.gz'))
      .sort()
      .map((file) => {
        const name = basename(file, '.csv.gz');
        return readSeries(name, gunzipSync(readFileSync(join(folder, file))).toString('utf8'), windows.get(name) ?? []);
      }),
    profiles: Object.entries(json('profiles.json') as Profiles).map(([name, { CostMatrix }]) => ({
      name,
      tp: CostMatrix.tpWeight,
      fp: CostMatrix.fpWeight,
      fn: CostMatrix.fnWeight,
    })),
    published: json('final_results.json') as NabCorpus['published'],
  };
}

const instant = (text: string): number => Date.parse(`${text.trim().replace(' ', 'T')}Z`);

function readSeries(name: string, csv: string, labels: readonly (readonly [string, string])[]): NabSeries {
  const rows = csv
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(','));
  const ts = Float64Array.from(rows, ([time]) => instant(time ?? ''));
  const values = Float64Array.from(rows, ([, value]) => Number(value));
  const windows = labels.map(([from, to]) => ({ first: ts.indexOf(instant(from)), last: ts.indexOf(instant(to)) }));
  return { name, ts, values, windows };
}
