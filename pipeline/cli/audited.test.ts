import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { isAudited, nameOf } from './audited.ts';
import { makeProgram } from './program.ts';

/** What changes nothing on a running system: it looks, writes files of its own, or is itself what runs or ends. */
const CHANGES_NOTHING: readonly string[] = [
  ...['up', 'collect', 'engine', 'serve', 'simulate', 'services start', 'services stop', 'services status'],
  ...['dead-letters list', 'dead-letters show', 'replay', 'assets export', 'labels export', 'labels suggest'],
  ...[
    'models score',
    'models list',
    'models show',
    'models export',
    'models evaluate',
    'alerts channels',
    'alerts test',
  ],
  ...['keys list', 'backup', 'logs', 'profile', 'xid', 'config'],
];

const leaves = (command: Command): readonly Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

it('every command that changes something on a running system leaves a line in the trail', () => {
  const commands = leaves(makeProgram()).filter((command) => command.name() !== 'help');
  const silent = commands.filter((command) => !isAudited(command)).map(nameOf);
  expect(silent.sort()).toEqual([...CHANGES_NOTHING].sort());
  expect(commands.filter(isAudited).map(nameOf).sort()).toEqual([
    ...['assets import', 'dead-letters retry', 'doctor', 'inject', 'keys create', 'keys revoke', 'keys rotate'],
    ...['labels import', 'models import', 'models promote', 'models register', 'models rollback', 'models train'],
    'restore',
  ]);
});
