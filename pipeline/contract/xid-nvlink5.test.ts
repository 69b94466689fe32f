import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCsvTable } from './csv-table.fixture.ts';
import { decodeNvlink5 } from './xid-nvlink5.ts';

const TABLE = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'dcgm-exporter', 'xid_nvlink5_decode.csv');
const FIRST: Readonly<Record<string, string>> = { IGNORE: 'none', RESET_GPU: 'reset_gpu', XID_154_EVAL: 'as_154_says' };
const BRANCHES = { intrinfo_v1_lt_r575: 570, intrinfo_v2_ge_r575: 575 } as const;

describe('decodeNvlink5', () => {
  it.each<[string, Parameters<typeof decodeNvlink5>[0], ReturnType<typeof decodeNvlink5>]>([
    [
      'a link that went down, told by a new driver',
      { xid: 149, intrinfo: 0x0020_0011, error_status: 0, driver_branch: 580 },
      {
        unit: 'NETIR_LINK_DOWN',
        first: 'reset_gpu',
        look: 'link',
        fatal: 'link',
        origin: 'HW/SW',
        brings: [],
        peer_loses_packets: true,
      },
    ],
    [
      'an uncorrectable error of the memory side, told by an old driver',
      { xid: 144, intrinfo: 0xfc00_0021, error_status: 0x2, driver_branch: 570 },
      {
        unit: 'SAW_MVB',
        first: 'reset_gpu',
        look: 'support',
        fatal: 'gpu',
        origin: 'HW',
        brings: [48, 45],
        peer_loses_packets: true,
      },
    ],
    ['the old layout, told by a new driver', { xid: 144, intrinfo: 0x21, error_status: 2, driver_branch: 580 }, null],
    ['a code that is not of NVLink 5', { xid: 79, intrinfo: 1, error_status: 1, driver_branch: 580 }, null],
    ['a status without a rule', { xid: 147, intrinfo: 14, error_status: 0x10, driver_branch: 580 }, null],
  ])('%s', (_, report, verdict) => {
    expect(decodeNvlink5(report)).toEqual(verdict);
  });

  it('judges several errors at once by the worst', () => {
    const report = { xid: 145, intrinfo: 4, driver_branch: 580 };
    expect(decodeNvlink5({ ...report, error_status: 0x101 })?.fatal).toBe('no');
    expect(decodeNvlink5({ ...report, error_status: 0x141 })?.fatal).toBe('gpu');
    expect(decodeNvlink5({ ...report, error_status: 0x8000_0040 })?.fatal).toBe('gpu');
  });

  it.skipIf(!existsSync(TABLE))(
    'decodes every rule of the collected table in both layouts (needs ../shared/data)',
    () => {
      const rules = parseCsvTable(readFileSync(TABLE, 'utf8'));
      expect(rules.length).toBe(95);
      for (const rule of rules) {
        const statuses = (rule.error_status || '0x0').split('/').map(Number);
        for (const [column, driver_branch] of Object.entries(BRANCHES)) {
          const intrinfo = Number.parseInt((rule[column] ?? '').replaceAll('-', '0'), 2);
          for (const error_status of statuses) {
            const verdict = decodeNvlink5({ xid: Number(rule.xid), intrinfo, error_status, driver_branch });
            const told = `${rule.xid} ${rule.unit} ${error_status} R${driver_branch}`;
            expect(verdict?.first, told).toBe(FIRST[rule.immediate ?? '']);
            expect(verdict?.fatal === 'no', told).toBe(rule.severity?.startsWith('Non-fatal'));
          }
        }
      }
    },
  );
});
