import { createInterface } from 'node:readline/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { VitalsError } from '../contract/errors.ts';
import { explainXid, xidInWords } from '../xid-lines/explain-xid.ts';
import { loggedInWords, XidLog } from '../xid-lines/xid-log.ts';
import { configured, contextOf } from './context.ts';

interface Wanted {
  readonly driver?: number;
}

/** What lines come from. */
type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** `xid`: what XIDs mean and what to do, by their codes or out of the kernel's log. */
export function addXidCommand(program: Command, input: Input = process.stdin): void {
  const command = configured(program.command('xid'), [])
    .description(
      'what XIDs mean and ask for: of codes, or of a kernel log on standard input (`dmesg | gpu-vitals xid`)',
    )
    .argument('[CODE|LINE...]', 'codes such as 79, or lines of the kernel log')
    .option('--driver <branch>', 'branch of the driver, such as 570: how it lays out NVLink 5 details', branchOf)
    .action(async (given: readonly string[]) => {
      const context = contextOf(command, []);
      const driver = command.opts<Wanted>().driver ?? null;
      if (given.length > 0 && given.every((text) => /^\d{1,4}$/.test(text))) {
        const explained = given.map((code) =>
          explainXid({ xid: Number(code), nvlink5: null, caused_by: null }, driver),
        );
        context.answer(explained, () => explained.map((one) => xidInWords(one).join('\n  ')).join('\n'));
        return;
      }
      if (given.length === 0 && input.isTTY === true) {
        throw new VitalsError('GV-CLI-001', 'there is nothing to explain', 'xid', {
          action: 'Name codes or lines, or pipe a log into it: dmesg | gpu-vitals xid',
        });
      }
      const log = new XidLog(driver);
      for await (const line of given.length > 0 ? given : createInterface({ input })) log.take(line);
      const { found, left_out } = log;
      if (left_out > 0) context.say(`${left_out} XIDs of further kinds are left out`);
      context.answer(found, () => (found.length === 0 ? 'no XID in it' : found.map(loggedInWords).join('\n')));
    });
}

function branchOf(text: string): number {
  if (/^\d{3}(\.\d+)*$/.test(text)) return Number.parseInt(text, 10);
  throw new InvalidArgumentError('a branch such as 570, or a version such as 570.86.15, is needed');
}
