import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { METRICS } from '../contract/metrics.ts';
import { encode } from './exposition.fixture.ts';
import { expectTwins } from './exposition-compare.fixture.ts';
import { ExpositionParser, UnreadableScrape } from './exposition-parser.ts';

const DATA = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');
const CAPTURES = join(DATA, 'dcgm-exporter');
const OPENMETRICS = join(DATA, 'openmetrics', 'openmetrics_parser_cases.json');
const captures = existsSync(CAPTURES) ? readdirSync(CAPTURES).filter((file) => file.endsWith('.prom')) : [];

describe.skipIf(captures.length === 0)('real captures (../shared/data is not there)', () => {
  it.each(captures)('%s: each GPU, each metric, cold and warm', (file) => {
    const body = readFileSync(join(CAPTURES, file));
    const parser = new ExpositionParser();
    for (let round = 0; round < 3; round++) expectTwins(parser, body.toString('utf8'));
    expect(parser.parse(body, { fallback_node: 'fallback', ts: 1 }).flatMap((one) => one.gpus).length).toBeGreaterThan(
      0,
    );
  });

  it('reads every metric name of a capture with one parser after the other', () => {
    const parser = new ExpositionParser();
    for (const file of [...captures, ...captures]) expectTwins(parser, readFileSync(join(CAPTURES, file), 'utf8'));
  });

  it('finds in every capture what a person finds by eye', () => {
    const read = (file: string) =>
      new ExpositionParser().parse(readFileSync(join(CAPTURES, file)), { fallback_node: 'fallback', ts: 1 });
    const value = (file: string, gpu: number, name: string): number | undefined =>
      read(file)[0]?.gpus[gpu]?.values[METRICS.findIndex((spec) => spec.name === name)];
    expect(value('h100_x8_k8s_poduid_driver580_aicr.prom', 0, 'power_watts')).toBe(113.611);
    expect(read('h100_x8_k8s_poduid_driver580_aicr.prom')[0]?.gpus).toHaveLength(8);
    expect(value('l4_driver580_kops.prom', 0, 'memory_temp_celsius')).toBeNaN();
    expect(value('l4_driver580_kops.prom', 0, 'fb_reserved_bytes')).toBe(470 * 2 ** 20);
    const mig = read('a100sxm4_mig_3instances_driver520_runai.prom')[0];
    expect(mig?.gpus.map((gpu) => gpu.instance)).toEqual(['7', '9', '5']);
    expect(mig?.refusals).toEqual([]);
    const fragments = read('issue_fragments_special_forms.prom');
    expect(fragments.flatMap((one) => one.gpus).flatMap((gpu) => gpu.xids)).toEqual([
      { xid: 42, kind: 'window_count', count: 1 },
    ]);
    expect(fragments.map((one) => one.node)).toContain('dcgm-exporter-4flp2');
  });
});

const cases: { name: string; body: string; shouldParse: boolean }[] = existsSync(OPENMETRICS)
  ? JSON.parse(readFileSync(OPENMETRICS, 'utf8'))
  : [];

describe.skipIf(cases.length === 0)('OpenMetrics cases (../shared/data is not there)', () => {
  it('never crashes, and counts the samples of what is valid', () => {
    expect(cases).toHaveLength(211);
    const parser = new ExpositionParser();
    for (const { name, body, shouldParse } of cases) {
      const samples = body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
      try {
        const scrapes = parser.parse(encode(body), { fallback_node: 'n', ts: 1 });
        expect(scrapes, name).toHaveLength(1);
        expect(scrapes[0]?.gpus, name).toEqual([]);
        if (shouldParse) expect([scrapes[0]?.unknown_metrics, scrapes[0]?.refusals], name).toEqual([samples, []]);
      } catch (error) {
        expect(error, name).toBeInstanceOf(UnreadableScrape);
        if (shouldParse) expect(samples, name).toBe(0);
      }
    }
  });

  it.each([
    'bad_invalid_labels_0',
    'bad_invalid_labels_3',
    'bad_metric_names_0',
    'bad_metric_names_1',
    'bad_metric_names_2',
    'bad_missing_equal_or_label_value_0',
    'bad_missing_equal_or_label_value_1',
    'bad_missing_equal_or_label_value_4',
    'bad_missing_or_extra_commas_0',
    'bad_missing_or_extra_commas_1',
    'bad_missing_or_wrong_quotes_on_label_value_0',
    'bad_missing_or_wrong_quotes_on_label_value_2',
    'bad_missing_value_0',
    'bad_missing_value_1',
    'bad_timestamp_0',
    'bad_timestamp_3',
    'bad_timestamp_4',
    'bad_timestamp_8',
    'bad_value_0',
    'bad_value_4',
    'bad_value_9',
  ])('%s: a line that means nothing is refused', (name) => {
    const body = cases.find((one) => one.name === name)?.body;
    expect(body).toBeDefined();
    expect(() => new ExpositionParser().parse(encode(body ?? ''), { fallback_node: 'n', ts: 1 })).toThrow(
      UnreadableScrape,
    );
  });
});
