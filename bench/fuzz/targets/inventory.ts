import { formatAssetsCsv, parseAssetsCsv } from '../../../pipeline/asset-csv.ts';
import type { Asset } from '../../../pipeline/contract/events.ts';
import { EPOCH_MS_MAX } from '../../../pipeline/contract/time.ts';
import { formatLabelsCsv, labelsOf, parseLabelsCsv, problemText } from '../../../pipeline/labels/label-csv.ts';
import { bytesOf, type FuzzTarget, law, lawSame, textOf } from '../fuzz-target.ts';
import { keptInputs } from '../kept-inputs.ts';
import { SAMPLE_TS } from '../sample-telemetry.ts';

const ASSETS = [
  'gpu_uuid,node,model,rack,tenant,deployed_at,purchase_price,status,note\nGPU-1,n1,H100,r1,acme,2025-01-01,25000,active,"two\nlines, ""quoted"""\nGPU-2,n1,,,,,,retired,\n',
  '\ufeffgpu_uuid,registered_at,operating_hours\r\nGPU-1,2026-01-01T00:00:00Z,12.5\r\nGPU-1,,\r\n,,\r\n',
];
const LABELS = [
  'gpu_uuid,failed_at,type,source,note,status\nGPU-1,2025-12-01T06:00:00Z,memory,csv,"a, b",confirmed\nGPU-2,2025-12-02,other,,,\n',
  'failed_at,gpu_uuid,type\n2025-12-01,GPU-1,thermal\n2025-12-01,GPU-1,thermal\n',
];
const WORDS = ['"', '""', '\n', '\r\n', ',', 'gpu_uuid', '2025-12-01', 'GPU-1', '=cmd()', 'tenant', 'memory', '"\n"'];
const INSTANTS = ['deployed_at', 'warranty_until', 'registered_at', 'retired_at'] as const;
const NODES = new Map([
  ['GPU-1', 'n1'],
  ['GPU-2', 'n2'],
]);

/** Inventory as people write it: every line is a row or has a reason, and rows come back from what is written of them. */
export const assetCsv: FuzzTarget = {
  name: 'asset-csv',
  summary: 'inventory as CSV',
  seeds: [...ASSETS.map(bytesOf), ...keptInputs('asset-csv')],
  words: WORDS,
  bytes_max: 16_384,
  grown_bytes_max: 1_048_576,
  feed(input) {
    const { rows, lines, issues, problems } = parseAssetsCsv(textOf(input));
    law(rows.length === lines.length && issues.length === problems.length, 'lists of other lengths');
    for (const row of rows) {
      law(row.gpu_uuid !== '', 'a row without GPU');
      for (const name of INSTANTS) {
        const ts = row[name] ?? null;
        law(ts === null || Math.abs(ts) <= EPOCH_MS_MAX, `${name} is ${ts}`);
      }
    }
    const again = parseAssetsCsv(formatAssetsCsv(rows as unknown as Asset[])).rows;
    const uuids = (list: typeof rows): readonly string[] => list.map(({ gpu_uuid }) => gpu_uuid);
    lawSame(uuids(again), uuids(rows), 'written again');
    return rows.length > 0 && issues.length === 0;
  },
};

/** Failures as people write them. */
export const labelCsv: FuzzTarget = {
  name: 'label-csv',
  summary: 'failures as CSV',
  seeds: [...LABELS.map(bytesOf), ...keptInputs('label-csv')],
  words: WORDS,
  bytes_max: 16_384,
  grown_bytes_max: 1_048_576,
  feed(input) {
    const { labels, problems } = labelsOf(parseLabelsCsv(textOf(input)), NODES, SAMPLE_TS);
    for (const one of problems) law(one.line >= 1 && problemText(one).length > 0, 'a problem of no line');
    const again = labelsOf(parseLabelsCsv(formatLabelsCsv(labels)), NODES, SAMPLE_TS).labels;
    lawSame(again, labels, 'written again');
    return labels.length > 0 && problems.length === 0;
  },
};
