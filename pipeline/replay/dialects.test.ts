import { describe, expect, it } from 'vitest';
import { METRICS } from '../contract/metrics.ts';
import type { Scrape, ScrapedGpu } from '../contract/scrape.ts';
import { decodeScrape } from '../contract/wire.ts';
import { type ReadInputOptions, readInput } from './read-input.ts';

const START = Date.UTC(2026, 0, 1);
const T = START + 5_000;

async function read(text: string | Uint8Array, options: Partial<ReadInputOptions> = {}): Promise<Scrape[]> {
  async function* stdin(): AsyncGenerator<Uint8Array> {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    // Cut at an odd place, so that nothing hangs on where chunks end.
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  }
  const found: Scrape[] = [];
  const defaults = { path: '-', format: 'auto', interval_ms: 10_000, start_ms: START } as const;
  for await (const messages of readInput({ ...defaults, stdin: stdin(), ...options })) {
    for (const message of messages) found.push(decodeScrape(message.data));
  }
  return found;
}
const present = (gpu: ScrapedGpu | undefined): Record<string, number> =>
  Object.fromEntries(
    METRICS.map((metric, i): [string, number] => [metric.name, gpu?.values[i] as number]).filter(
      ([, value]) => !Number.isNaN(value),
    ),
  );
const row = (fields: object): string => JSON.stringify({ ts: T, node: 'n', gpu_uuid: 'G', power_watts: 1, ...fields });

describe('JSONL', () => {
  it('groups the rows of an instant by node, in the order of the input', async () => {
    const text = [
      row({ gpu_uuid: 'A' }),
      row({ node: 'm', gpu_uuid: 'C' }),
      row({ gpu_uuid: 'B', ts: new Date(T).toISOString() }),
      row({ gpu_uuid: 'A', ts: T + 1 }),
    ].join('\n');
    const scrapes = await read(text);
    expect(scrapes.map((s) => [s.node, s.ts, s.gpus.map((gpu) => gpu.uuid).join()])).toEqual([
      ['n', T, 'A,B'],
      ['m', T, 'C'],
      ['n', T + 1, 'A'],
    ]);
  });

  it('makes one sample of a repeated one: first value wins, gaps are filled, jobs and XIDs collected', async () => {
    const [scrape] = await read(
      [
        row({ job: 'a', power_watts: 100, xids: [79] }),
        row({ job: 'b', power_watts: 200, gpu_temp_celsius: 40, xids: [79, 31], model: 'H100' }),
        row({ job: 'a', instance: 3 }),
      ].join('\n'),
    );
    expect(scrape?.gpus).toHaveLength(2);
    expect(scrape?.gpus[0]).toMatchObject({ uuid: 'G', instance: '', model: 'H100' });
    expect(scrape?.gpus[1]).toMatchObject({ uuid: 'G', instance: '3' });
    expect(present(scrape?.gpus[0])).toEqual({ power_watts: 100, gpu_temp_celsius: 40 });
    expect(scrape?.gpus[0]?.attribution.map((one) => one.job)).toEqual(['a', 'b']);
    expect(scrape?.gpus[0]?.xids).toEqual([
      { xid: 79, kind: 'event', count: 1 },
      { xid: 31, kind: 'event', count: 1 },
    ]);
  });

  it.each<[string, string, string | null]>([
    ['broken line', '{"ts": 1, "node', 'line unreadable_record'],
    ['no object', '[1,2]', 'line unreadable_record'],
    ['no identity', row({ gpu_uuid: undefined }), 'row no_identity'],
    ['blank identity', row({ gpu_uuid: ' ' }), 'row no_identity'],
    ['number as identity', row({ gpu_uuid: 3 }), 'row no_identity'],
    ['no time', row({ ts: undefined }), 'row no_time'],
    ['negative time', row({ ts: -5 }), 'row no_time'],
    ['no such day', row({ ts: '2026-02-31T25:00:00Z' }), 'row no_time'],
    ['no metric', row({ power_watts: undefined, fan_speed: 3 }), 'row no_metrics'],
    ['text for a value', row({ power_watts: 'high' }), 'value not_a_number'],
    ['number in text', row({ power_watts: '300' }), 'value not_a_number'],
    ['out of range', row({ power_watts: -1 }), 'value out_of_range'],
    ['overflow', row({}).replace('"power_watts":1', '"power_watts":1e999'), 'value out_of_range'],
    ['bare NaN', row({}).replace('"power_watts":1', '"power_watts": NaN'), 'value not_a_number'],
    ['bare -Infinity', row({}).replace('"power_watts":1', '"power_watts":-Infinity'), 'value out_of_range'],
    ['text among XIDs', row({ xids: [79, 'x'] }), 'value not_a_number'],
    ['negative XID', row({ xids: [-1] }), 'value out_of_range'],
    ['null is a missing value', row({ power_watts: null }), null],
    ['a blank is a missing value', row({ power_watts: 9.3e18 }), null],
    ['XIDs are a metric', row({ power_watts: undefined, xids: [79] }), null],
    ['unknown metrics are counted', row({ fan_speed: 3 }), null],
  ])('%s', async (_, line, refused) => {
    const scrapes = await read(`${row({ gpu_uuid: 'first' })}\n${line}\n${row({ gpu_uuid: 'last' })}\n`, { node: 'n' });
    expect(scrapes).toHaveLength(1);
    const [scrape] = scrapes;
    expect(scrape?.ts).toBe(T);
    expect(scrape?.refusals.map((one) => `${one.level} ${one.reason}`)).toEqual(refused === null ? [] : [refused]);
    expect(scrape?.refusals.map((one) => one.original)).toEqual(refused === null ? [] : [line]);
    const kept = refused === null || refused.startsWith('value');
    expect(scrape?.gpus.map((gpu) => gpu.uuid)).toEqual(kept ? ['first', 'G', 'last'] : ['first', 'last']);
  });

  it('names the node by the row, else the option, else the input', async () => {
    const line = row({ node: undefined });
    expect((await read(line)).map((s) => s.node)).toEqual(['stdin']);
    expect((await read(line, { node: 'chosen' })).map((s) => s.node)).toEqual(['chosen']);
    expect((await read(row({ node: 'own' }), { node: 'chosen' })).map((s) => s.node)).toEqual(['own']);
  });

  it('refuses a line without an end at the start time and goes on', async () => {
    const text = Buffer.concat([Buffer.from('{"'), Buffer.alloc(1_200_000, 'x'), Buffer.from(`\n${row({})}\n`)]);
    const scrapes = await read(text, { format: 'jsonl', stdin: once(text) });
    expect(scrapes.map((s) => [s.ts, s.gpus.length, s.refusals.length])).toEqual([
      [START, 0, 1],
      [T, 1, 0],
    ]);
    expect(scrapes[0]?.refusals[0]?.original.length).toBeLessThan(10_000);
  });
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('canonical CSV', () => {
  it('reads quotes, CRLF, a byte order mark, XIDs in both spellings, and counts blanks', async () => {
    const text =
      '\ufeffts,node,gpu_uuid,instance,job,power_watts,gpu_util_ratio,xids,fan\r\n' +
      `${T},n,A,,"train, big",700,0.5,79;31,1\r\n` +
      `${new Date(T).toISOString()},n,B,2,,,,"[48, 79]",1\r\n`;
    const [scrape] = await read(text);
    expect(scrape).toMatchObject({ node: 'n', ts: T, blanks: 2, unknown_metrics: 2, refusals: [] });
    expect(scrape?.gpus.map((gpu) => [gpu.uuid, gpu.instance, present(gpu), gpu.xids.map((one) => one.xid)])).toEqual([
      ['A', '', { power_watts: 700, gpu_util_ratio: 0.5 }, [79, 31]],
      ['B', '2', {}, [48, 79]],
    ]);
    expect(scrape?.gpus[0]?.attribution).toEqual([{ namespace: '', pod: '', container: '', job: 'train, big' }]);
  });

  it.each([
    ['CSV', `ts,node,gpu_uuid,power_watts\n${T}.9,n,A,5\n`],
    ['JSONL', `${row({ ts: T + 0.9 })}\n`],
  ])('takes whole milliseconds, in every format the same: %s', async (_, text) => {
    expect((await read(text)).map(({ ts }) => ts)).toEqual([T]);
  });

  it.each<[string, string, string]>([
    ['identity', `${T},n,,5`, 'row no_identity'],
    ['time', `soon,n,A,5`, 'row no_time'],
    ['range', `${T},n,A,99999`, 'value out_of_range'],
    ['units are not ours', `${T},n,A,5 W`, 'value not_a_number'],
    ['hex', `${T},n,A,0x5`, 'value not_a_number'],
    ['width', `${T},n,A`, 'line unreadable_record'],
    ['stray quote', `${T},n,"A,5`, 'line unreadable_record'],
  ])('refuses: %s', async (_, line, refused) => {
    const [scrape] = await read(`ts,node,gpu_uuid,power_watts\n${T},n,Z,1\n${line}\n${T},n,Y,1\n`, { node: 'n' });
    expect(scrape?.refusals.map((one) => [`${one.level} ${one.reason}`, one.original])).toEqual([[refused, line]]);
    expect(scrape?.gpus.map((gpu) => gpu.uuid)).toEqual(refused.startsWith('value') ? ['Z', 'A', 'Y'] : ['Z', 'Y']);
  });
});

describe("other people's tables", () => {
  it('reads units from names, seconds, and makes an identity of node and index', async () => {
    const text = 'timestamp,gpu,power_w,gpu_util_pct,mem_used_mib,energy_mj,note\n1775016266.006,0,71.4,57,3,2000,x\n';
    const [scrape] = await read(text, { node: 'box' });
    expect(scrape).toMatchObject({ node: 'box', ts: 1_775_016_266_006, unknown_metrics: 1, refusals: [] });
    expect(scrape?.gpus[0]).toMatchObject({ uuid: 'box:0', slot: '0' });
    expect(present(scrape?.gpus[0])).toEqual({
      power_watts: 71.4,
      gpu_util_ratio: 0.57,
      fb_used_bytes: 3 * 2 ** 20,
      energy_joules_total: 2,
    });
  });

  it('reads an nvidia-smi log: units, blanks, masks, preferred columns, a restart with other columns', async () => {
    const text = [
      'timestamp, uuid, index, name, power.limit [W], enforced.power.limit [W], temperature.gpu, memory.used [MiB], clocks_throttle_reasons.active',
      '2024/03/29 11:19:25.406, GPU-1, 0, NVIDIA A100, 400.00 W, 350.00 W, 41, 10 MiB, 0x0000000000000004',
      '2024/03/29 11:19:25.406, GPU-2, 1, NVIDIA A100, 400.00 W, [N/A], [Not Supported], 11 MiB, 0x0',
      'timestamp, uuid, power.draw [W], clocks_event_reasons.sw_power_cap, clocks_event_reasons.hw_thermal_slowdown',
      '2024/03/29 11:19:26.000, GPU-1, 23.93 W, Active, Active',
      '2024/03/29 11:19:26.000, GPU-2, [GPU requires reset], Not Active, Not Active',
      '2024/03/29 11:19:27.0',
    ].join('\r\n');
    const scrapes = await read(text, { node: 'n' });
    expect(scrapes.map((s) => [s.ts, s.gpus.map((gpu) => [gpu.uuid, present(gpu)])])).toEqual([
      [
        Date.UTC(2024, 2, 29, 11, 19, 25, 406),
        [
          ['GPU-1', { power_limit_watts: 350, gpu_temp_celsius: 41, fb_used_bytes: 10 * 2 ** 20, throttle_reasons: 4 }],
          ['GPU-2', { power_limit_watts: 400, fb_used_bytes: 11 * 2 ** 20, throttle_reasons: 0 }],
        ],
      ],
      [
        Date.UTC(2024, 2, 29, 11, 19, 26),
        [
          ['GPU-1', { power_watts: 23.93, throttle_reasons: 68 }],
          ['GPU-2', { throttle_reasons: 0 }],
        ],
      ],
    ]);
    expect(scrapes[1]?.refusals.map((one) => `${one.level} ${one.reason}`)).toEqual([
      'value sentinel',
      'line unreadable_record',
    ]);
  });

  it('reads logs without units in UTF-16, as PowerShell writes them', async () => {
    const text = '\ufefftimestamp, utilization.gpu [%], memory.used [MiB]\r\n2024/03/29 11:19:25.406, 57, 3\r\n';
    const [scrape] = await read(Buffer.from(text, 'utf16le'), { node: 'n', format: 'nvidia-smi' });
    expect(present(scrape?.gpus[0])).toEqual({ gpu_util_ratio: 0.57, fb_used_bytes: 3 * 2 ** 20 });
  });

  it('puts a long export together: nodes, MIG, stand-ins, XID counts, unknown metrics', async () => {
    const line = (name: string, value: string, labels = '', host = 'h1'): string =>
      `2025-07-18T20:42:34Z,${name},0,U,H100,${host},${value},"${labels.replaceAll('"', '""')}"`;
    const text = [
      'timestamp,metric_name,gpu_id,uuid,modelName,Hostname,value,labels_raw',
      line('DCGM_FI_DEV_POWER_MGMT_LIMIT', '400'),
      line('DCGM_FI_DEV_ENFORCED_POWER_LIMIT', '350'),
      line('DCGM_FI_DEV_GPU_UTIL', '57'),
      line('DCGM_FI_DEV_GPU_UTIL', '9', '', 'h2'),
      line('DCGM_FI_PROF_SM_ACTIVE', '0.5', '{GPU_I_ID="3"}'),
      line('DCGM_EXP_XID_ERRORS_COUNT', '2', '{xid="79"}'),
      line('SOMETHING_ELSE', '1'),
      line('DCGM_FI_DEV_POWER_MGMT_LIMIT', '300', '', 'h2'),
    ].join('\n');
    const scrapes = await read(text);
    expect(scrapes.map((s) => [s.node, s.unknown_metrics, s.gpus.map((gpu) => [gpu.instance, present(gpu)])])).toEqual([
      [
        'h1',
        1,
        [
          ['', { power_limit_watts: 350, gpu_util_ratio: 0.57 }],
          ['3', { sm_active_ratio: 0.5 }],
        ],
      ],
      ['h2', 0, [['', { power_limit_watts: 300, gpu_util_ratio: 0.09 }]]],
    ]);
    expect(scrapes[0]?.gpus[0]?.xids).toEqual([{ xid: 79, kind: 'window_count', count: 2 }]);
  });

  it.each<[string, string]>([
    ['a table of other things', 'city,population\nBerlin,3\n'],
    ['numbers without a header', '1,2,3\n4,5,6\n'],
  ])('%s is one refused scrape', async (_, text) => {
    const scrapes = await read(text, { format: 'csv' });
    expect(scrapes.flatMap((s) => s.refusals.map((one) => one.level))).toEqual(['scrape']);
    expect(scrapes.flatMap((s) => s.gpus)).toEqual([]);
  });

  it.each<[string, string, ReadInputOptions['format']]>([
    ['nothing, as CSV', '', 'csv'],
    ['nothing, as JSONL', '', 'jsonl'],
    ['only a header', 'ts,gpu_uuid,power_watts\n', 'auto'],
  ])('%s gives no rows and no refusals', async (_, text, format) => {
    const scrapes = await read(text, { format });
    expect(scrapes).toEqual([]);
  });
});
