import { Readable } from 'node:stream';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addXidCommand } from './xid-command.ts';

const LOG = [
  '[    9.1] NVRM: GPU at PCI:0000:17:00: GPU-b850f46d-d5ea-c752-ddf3-c4453e44d3f7',
  "[  123.4] NVRM: Xid (PCI:0000:17:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
  '[  123.5] nvidia-nvswitch3: SXid (PCI:0008:00:00.0): 20034, Fatal, Link 29 LTSSM Fault Up',
];

async function printed(given: readonly string[], input: readonly string[] | null = []): Promise<string> {
  const program = new Command().exitOverride();
  const source = Readable.from((input ?? []).map((line) => `${line}\n`));
  addXidCommand(program, Object.assign(source, { isTTY: input === null }));
  const write = process.stdout.write;
  const texts: string[] = [];
  process.stdout.write = ((text: string) => texts.push(text) > 0) as typeof process.stdout.write;
  try {
    await program.parseAsync(['xid', ...given], { from: 'user' });
  } finally {
    process.stdout.write = write;
  }
  return texts.join('');
}

describe('xid', () => {
  it('explains codes', async () => {
    expect(await printed(['79', '63'])).toMatch(/^XID 79, .*critical, bus\. .*\n {2}Do: .*\n(.*\n)*XID 63, /);
    expect(JSON.parse(await printed(['--json', '999']))).toMatchObject([{ xid: 999, category: 'unknown' }]);
  });

  it('reads a kernel log', async () => {
    const text = await printed([], LOG);
    expect(text).toMatch(/^0000:17:00 GPU-b850f46d-d5ea-c752-ddf3-c4453e44d3f7, line 2\n {2}XID 79, /);
    expect(JSON.parse(await printed(['--json'], LOG))).toMatchObject([{ xid: 79, count: 1, first_line: 2 }]);
    expect(await printed([LOG[1] as string])).toContain('XID 79');
    expect(await printed([], ['nothing'])).toBe('no XID in it\n');
  });

  it('takes the driver into account', async () => {
    const line = 'NVRM: Xid (PCI:0018:01:00): 145, RLW_REMAP Fatal XC0 i0 Link 00 (0x00000082 0x00000040)';
    const severity = async (...given: string[]): Promise<unknown> =>
      (JSON.parse(await printed(['--json', ...given, line])) as { nvlink5: { verdict: unknown } }[])[0]?.nvlink5
        .verdict;
    expect(await severity()).toMatchObject({ unit: 'RLW_REMAP', fatal: 'gpu' });
    expect(await severity('--driver', '570.86.15')).toMatchObject({ unit: 'RLW_REMAP' });
    expect(await severity('--driver', '580')).toBeNull();
  });

  it.each([
    [[], null, /nothing to explain/],
    [['--driver', 'new', '79'], [], /branch such as 570/],
  ])('refuses %j', async (given, input, what) => {
    await expect(printed(given, input)).rejects.toThrow(what);
  });
});
