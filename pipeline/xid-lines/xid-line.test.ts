import { describe, expect, it } from 'vitest';
import { readGpuLine, readXidLine } from './xid-line.ts';

describe('readXidLine', () => {
  it.each([
    [
      '[Thu Jan  1 00:00:00 2026] NVRM: Xid (PCI:0000:17:00): 79, pid=4242, name=python3, GPU has fallen off the bus.',
      { xid: 79, pci_bus_id: '0000:17:00', detail: 'pid=4242, name=python3, GPU has fallen off the bus.' },
    ],
    ['NVRM: Xid (0000:03:00): 14, Channel 00000001', { xid: 14, pci_bus_id: '0000:03:00', detail: 'Channel 00000001' }],
    ['kernel: NVRM: Xid (PCI:0000:DC:00): 43', { xid: 43, pci_bus_id: '0000:dc:00', detail: '' }],
    [
      'NVRM: Xid (PCI:0000:dc:00): 45, pid=18, name=a, Ch 00000001 caused by previous Xid 149',
      { xid: 45, caused_by: 149 },
    ],
  ])('%s', (line, told) => {
    expect(readXidLine(line)).toMatchObject({ nvlink5: null, caused_by: null, ...told });
  });

  it('takes apart what NVLink 5 tells', () => {
    const line =
      'NVRM: Xid (PCI:0018:01:00): 145, RLW_RXPIPE Nonfatal XC0 i0 Link 13 (0x0409a0c2 0x00000008 0x00000001 0x00000000)';
    expect(readXidLine(line)?.nvlink5).toEqual({
      unit: 'RLW_RXPIPE',
      fatal: false,
      injected: false,
      link: 13,
      intrinfo: 0x0409a0c2,
      error_status: 8,
    });
    const bare = 'NVRM: Xid (PCI:0019:01:00): 149, NETIR Fatal XC0 i2 Link -1 (0x800fe406)';
    expect(readXidLine(bare)?.nvlink5).toEqual({
      unit: 'NETIR',
      fatal: true,
      injected: true,
      link: null,
      intrinfo: 0x800fe406,
      error_status: 0,
    });
  });

  it.each([
    ['a switch', 'nvidia-nvswitch3: SXid (PCI:0008:00:00.0): 20034, Fatal, Link 29 LTSSM Fault Up'],
    ['no address', 'NVRM: Xid (somewhere): 79, pid=1'],
    ['no code', 'NVRM: Xid (PCI:0000:17:00): none'],
    ['another line', 'NVRM: GPU at PCI:0000:17:00: GPU-b850f46d-d5ea-c752-ddf3-c4453e44d3f7'],
    ['nothing', ''],
  ])('finds none in %s', (_, line) => {
    expect(readXidLine(line)).toBeNull();
  });

  it('reads no further than the kernel writes', () => {
    expect(readXidLine(`${'x'.repeat(5_000)} NVRM: Xid (PCI:0000:17:00): 79`)).toBeNull();
    expect(readXidLine(`NVRM: Xid (PCI:0000:17:00): 149, ${'A_'.repeat(1_000_000)}`)?.nvlink5).toBeNull();
  });
});

describe('readGpuLine', () => {
  it('knows which GPU is behind an address', () => {
    const line = '[    9.1] NVRM: GPU at PCI:0000:17:00: GPU-b850f46d-d5ea-c752-ddf3-c4453e44d3f7';
    expect(readGpuLine(line)).toEqual({
      pci_bus_id: '0000:17:00',
      gpu_uuid: 'GPU-b850f46d-d5ea-c752-ddf3-c4453e44d3f7',
    });
    expect(readGpuLine('NVRM: GPU Board Serial Number: 1650522003820')).toBeNull();
  });
});
