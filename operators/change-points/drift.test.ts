import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adwinStart, adwinUpdate } from './adwin.ts';
import { PAGE_HINKLEY_CELLS, pageHinkley } from './page-hinkley.ts';

const DRIFT = new URL('../../../shared/data/drift/', import.meta.url);
const present = existsSync(new URL('expected_change_points.json', DRIFT));
const PARAMETERS = { readings_min: 30, delta: 0.005, threshold: 50, alpha: 0.9999 };

type Expected = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
const expected = present
  ? (JSON.parse(readFileSync(new URL('expected_change_points.json', DRIFT), 'utf8')) as Expected)
  : {};
const streamOf = (name: string): number[] => readFileSync(new URL(name, DRIFT), 'utf8').trim().split('\n').map(Number);

/** Published change points of a stream, by the start of the detector's name. */
const published = (stream: string, detector: string): unknown =>
  Object.entries(expected[stream] ?? {}).find(([name]) => name.startsWith(detector))?.[1];

describe.skipIf(!present)('published streams (../shared/data/drift; skipped when absent)', () => {
  it.each(['skmultiflow_drift_stream.csv', 'river_doc_stream.csv'])(
    'ADWIN finds the published indices in %s',
    (name) => {
      let state = adwinStart();
      const found = streamOf(name).flatMap((reading, i) => {
        if (adwinUpdate(state, reading, 0.002) === null) return [];
        // River forgets everything after a change, scikit-multiflow only what was cut off.
        if (name.startsWith('river')) state = adwinStart();
        return [i];
      });
      expect(found).toEqual(published(name, 'ADWIN('));
    },
  );

  it.each(['skmultiflow_drift_stream.csv', 'river_doc_stream.csv'])(
    'Page-Hinkley finds the published indices in %s',
    (name) => {
      const test = pageHinkley(PARAMETERS);
      const cells = new Float64Array(PAGE_HINKLEY_CELLS);
      const found = streamOf(name).flatMap((reading, i) => (test.update(cells, 0, reading) ? [i] : []));
      expect(found).toEqual(published(name, 'PageHinkley('));
    },
  );
});
