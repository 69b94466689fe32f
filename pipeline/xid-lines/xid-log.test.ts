import { expect, it } from 'vitest';
import { loggedInWords, XidLog } from './xid-log.ts';

const UUID = 'GPU-b850f46d-d5ea-c752-ddf3-c4453e44d3f7';
const at = (bus: string, rest: string): string => `[  123.4] NVRM: Xid (PCI:${bus}): ${rest}`;

function logOf(lines: readonly string[], driver_branch: number | null = null): XidLog {
  const log = new XidLog(driver_branch);
  for (const line of lines) log.take(line);
  return log;
}

it('tells the same kind on the same GPU once, with the GPU that the log names', () => {
  const log = logOf([
    at('0000:17:00', '31, pid=7, name=a, Ch 1'),
    'usb 1-1: new device',
    at('0000:17:00', '31, pid=8, name=b, Ch 2'),
    at('0000:65:00', '31, pid=9, name=c, Ch 3'),
    `NVRM: GPU at PCI:0000:17:00: ${UUID}`,
  ]);
  expect(log.found).toMatchObject(
    [
      { xid: 31, pci_bus_id: '0000:17:00', gpu_uuid: UUID, count: 2, first_line: 1, last_line: 3, detail: /pid=8/ },
      { xid: 31, pci_bus_id: '0000:65:00', gpu_uuid: '', count: 1, first_line: 4 },
    ].map(({ detail, ...one }) => (detail ? { ...one, detail: expect.stringMatching(detail) } : one)),
  );
  expect(loggedInWords(log.found[0] as never)).toBe(
    [
      `0000:17:00 ${UUID}, 2 times, lines 1 to 3`,
      '  XID 31, GPU memory page fault: warning, application. A program touched memory that it has not mapped; on one GPU again and again it is the memory unit.',
      '  Do: restart the application. If it comes back: drain the GPU and reset it.',
      '  A faulty program alone can cause it; on one GPU again and again it is the GPU.',
    ].join('\n'),
  );
});

it('keeps apart what NVLink 5 tells of its links', () => {
  const down = '149, NETIR_LINK_EVT Fatal XC0 i0 Link 03 (0x00200011 0x00000000 0x00000000)';
  const remap = '145, RLW_REMAP Nonfatal XC1 i0 Link 10 (0x00000004 0x00000100 0x00000000)';
  const log = logOf([at('0018:01:00', down), at('0018:01:00', remap), at('0018:01:00', down.replace('03', '04'))]);
  expect(log.found.map(({ xid, severity, first, nvlink5 }) => [xid, severity, first, nvlink5?.link])).toEqual([
    [149, 'critical', 'reset_gpu', 3],
    [145, 'info', 'none', 10],
    [149, 'critical', 'reset_gpu', 4],
  ]);
  expect(loggedInWords(log.found[0] as never)).toContain(
    '  Link 3, NETIR_LINK_DOWN: the link is down; the other end may lose packets; check the link when it comes again.',
  );
});

it('reads details in the layout of the driver, or in the one that fits the unit', () => {
  const old = at('0018:01:00', '145, RLW_REMAP Fatal XC0 i0 Link 00 (0x00000082 0x00000040 0x00000000)');
  expect(logOf([old]).found[0]?.nvlink5?.verdict?.fatal).toBe('gpu');
  expect(logOf([old], 570).found[0]?.nvlink5?.verdict?.fatal).toBe('gpu');
  const [wrong] = logOf([old], 580).found;
  expect([wrong?.severity, wrong?.nvlink5?.verdict]).toEqual(['critical', null]);
  expect(loggedInWords(wrong as never)).toContain(
    'Link 0, RLW_REMAP: fatal; the catalogue has no rule for these details.',
  );
});

it('says what follows from what', () => {
  const log = logOf([
    at('0000:17:00', '45, pid=1, name=a, Ch 1 caused by previous Xid 149'),
    at('0000:17:00', '45, pid=1'),
  ]);
  expect(log.found.map((one) => loggedInWords(one).split('\n').at(-1))).toEqual([
    '  The driver says that it follows from XID 149: see there.',
    '  It follows from what else is there: look for the code that came with it.',
  ]);
});

it('does not grow with a log that goes on for ever', () => {
  const log = new XidLog(null);
  for (let i = 0; i < 10_010; i++) log.take(at(`${(0x10000000 + i).toString(16)}:00:00`, '31'));
  expect([log.found.length, log.left_out]).toEqual([10_000, 10]);
});
