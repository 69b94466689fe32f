import { describe, expect, it } from 'vitest';
import { formatAssetsCsv, parseAssetsCsv } from './asset-csv.ts';
import { mergeAsset, sameFacts } from './asset-merge.ts';

const NOW = Date.UTC(2026, 0, 1);

describe('inventory as CSV', () => {
  it('reads what it writes', () => {
    const text = [
      'gpu_uuid,model,rack,deployed_at,warranty_until,purchase_price,operating_hours,registered_at,status,note',
      'GPU-1,NVIDIA H100 80GB HBM3,r1,2025-01-01T00:00:00Z,2028-01-01,30000,12.5,2025-02-01T00:00:00Z,active,"a, ""b""\nc"',
      'GPU-2,,,,,,,,,',
    ].join('\r\n');
    const { rows, problems } = parseAssetsCsv(text);
    expect(problems).toEqual([]);
    const assets = rows.map((facts) => mergeAsset(undefined, facts, NOW));
    expect(assets[0]).toMatchObject({
      gpu_uuid: 'GPU-1',
      note: 'a, "b"\nc',
      purchase_price: 30_000,
      operating_hours: 12.5,
      warranty_until: Date.UTC(2028, 0, 1),
      ts: Date.UTC(2025, 1, 1),
      status: 'active',
      owner: '',
    });
    expect(assets[1]).toMatchObject({ gpu_uuid: 'GPU-2', registered_at: NOW, status: 'active', purchase_price: null });
    const again = parseAssetsCsv(formatAssetsCsv(assets));
    expect(again.problems).toEqual([]);
    expect(again.rows.map((facts) => mergeAsset(undefined, facts, 0))).toEqual(assets);
  });

  it('writes no text that a spreadsheet runs, and reads back every text', () => {
    const notes = ['=1+1', '+1', '-1', '@SUM(A1)', "'=1", "''@x", "'plain", 'a=b', '-', '=a,"b"', ''];
    const assets = notes.map((note, i) =>
      mergeAsset(undefined, { gpu_uuid: `GPU-${i}`, note, owner: note, operating_hours: 0 }, NOW),
    );
    const text = formatAssetsCsv(assets);
    for (const line of text.split('\n')) expect(line).not.toMatch(/(^|,)"?[=+\-@\t\r]/);
    const { rows, problems } = parseAssetsCsv(text);
    expect(problems).toEqual([]);
    expect(rows.map(({ note }) => note)).toEqual(notes);
    expect(rows.map((facts) => mergeAsset(undefined, facts, 0))).toEqual(assets);
  });

  it('takes no name that could not be typed in', () => {
    const long = 'x'.repeat(257);
    const { rows, problems } = parseAssetsCsv(
      `gpu_uuid,owner,note\nGPU-1,"a\nb",\nGPU-2,${long},\n${long},a,\nGPU-3,ü 🦄,"a\nb"\nGPU-4,a,${'y'.repeat(4_001)}\n`,
    );
    expect(rows).toEqual([{ gpu_uuid: 'GPU-3', owner: 'ü 🦄', note: 'a\nb' }]);
    expect(problems.map((problem) => problem.replace(/^line \d+, /, ''))).toEqual([
      'column 2 (owner): must not have control characters',
      'column 2 (owner): must have at most 256 characters',
      'column 1 (gpu_uuid): must have at most 256 characters',
      'column 3 (note): must have at most 4000 characters',
    ]);
  });

  it('tells every bad cell with line and column and takes the other rows', () => {
    const text = [
      'gpu_uuid,purchase_price,deployed_at,colour',
      ',1,,',
      '',
      'GPU-1,many,never,',
      'GPU-2,1,yesterday,',
      'GPU-3,1,2025-01-01,red',
      'GPU-4,"1,,',
      'GPU-5,1,,,,',
      'GPU-3,2,,',
      'GPU-6,1',
    ].join('\n');
    const { rows, problems } = parseAssetsCsv(text);
    expect(rows).toEqual([
      { gpu_uuid: 'GPU-3', purchase_price: 1, deployed_at: Date.UTC(2025, 0, 1) },
      { gpu_uuid: 'GPU-6', purchase_price: 1 },
    ]);
    expect(problems).toEqual([
      'line 1, column 4: there is no column colour',
      'line 2, column 1 (gpu_uuid): is missing',
      'line 4, column 3 (deployed_at): must be an ISO 8601 time',
      'line 4, column 2 (purchase_price): must be a number from 0 on',
      'line 5, column 3 (deployed_at): must be an ISO 8601 time',
      'line 7: a quote is not closed',
      'line 8: 6 cells under 4 columns',
      'line 9, column 1 (gpu_uuid): is on line 6 already',
    ]);
  });

  it.each([
    ['', ['line 1: there is no header']],
    ['model,status\nH100,active\n', ['line 1: the column gpu_uuid is missing']],
    ['gpu_uuid,rack,rack\nGPU-1,a,b\n', ['line 1, column 3: rack is there twice']],
    ['gpu_uuid,status\nGPU-1,gone\n', ['line 2, column 2 (status): must be active, maintenance or retired']],
  ])('refuses %j', (text, problems) => {
    expect(parseAssetsCsv(text).problems).toEqual(problems);
  });
});

describe('facts over what is known', () => {
  const known = mergeAsset(
    undefined,
    { gpu_uuid: 'GPU-1', rack: 'r1', owner: 'ml', purchase_price: 5, registered_at: 7, status: 'maintenance' },
    NOW,
  );

  it('keeps what is not spoken of, clears what is told to be empty', () => {
    expect(mergeAsset(known, { gpu_uuid: 'GPU-1', owner: '', purchase_price: null, status: '' }, NOW)).toEqual({
      ...known,
      owner: '',
      purchase_price: null,
    });
  });

  it('keeps the key of the row when the registration is corrected', () => {
    expect(mergeAsset(known, { gpu_uuid: 'GPU-1', registered_at: 3 }, NOW)).toMatchObject({ ts: 7, registered_at: 3 });
  });

  it('compares facts, not keys', () => {
    expect(sameFacts(known, { ...known, ts: 99, owner: ' ml' })).toBe(true);
    expect(sameFacts(known, { ...known, retired_at: 9 })).toBe(false);
  });
});
