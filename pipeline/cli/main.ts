#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { VitalsError } from '../contract/errors.ts';
import { VERSION } from '../roles/version.ts';
import { addAlertsCommand } from './alerts-command.ts';
import { addAssetsCommand } from './assets-command.ts';
import { addBackupCommands } from './backup-command.ts';
import { addConfigCommand } from './config-command.ts';
import { addDeadLettersCommand } from './dead-letters-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { describeError, exitCodeOf, toVitalsError } from './exit-codes.ts';
import { addKeysCommand } from './keys-command.ts';
import { addLabelsCommand } from './labels-command.ts';
import { addModelsCommand } from './models-command.ts';
import { addReplayCommand } from './replay-command.ts';
import { addRoleCommands } from './role-commands.ts';
import { addServicesCommand } from './services-command.ts';
import { addSimulateCommands } from './simulate-commands.ts';
import { addUpCommand } from './up-command.ts';

const program = new Command('gpu-vitals')
  .description('Streaming health for GPU fleets: DCGM telemetry in, verdicts out, within seconds.')
  .version(VERSION)
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({ writeErr: () => undefined });

addUpCommand(program);
addRoleCommands(program);
addServicesCommand(program);
addSimulateCommands(program);
addDeadLettersCommand(program);
addReplayCommand(program);
addAssetsCommand(program);
addModelsCommand(program);
addLabelsCommand(program);
addAlertsCommand(program);
addKeysCommand(program);
addBackupCommands(program);
addDoctorCommand(program);
addConfigCommand(program);
quieten(program);

const json = process.argv.includes('--json');
const debug = process.argv.some(
  (argument, i, all) => argument === '--log-level=debug' || (argument === '--log-level' && all[i + 1] === 'debug'),
);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError && error.exitCode === 0) process.exit(0);
  const told =
    error instanceof CommanderError ? new VitalsError('GV-CLI-001', usageProblem(error), '') : toVitalsError(error);
  process.stderr.write(`${describeError(told, { json, debug })}\n`);
  process.exit(exitCodeOf(told));
}

/** Subcommands do not inherit how errors leave: every one throws instead of printing and exiting. */
function quieten(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  for (const sub of command.commands) quieten(sub);
}

function usageProblem(error: CommanderError): string {
  if (error.code === 'commander.help' || error.message === '(outputHelp)') return 'a command is missing';
  return error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
}
