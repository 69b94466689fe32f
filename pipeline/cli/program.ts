import { Command } from 'commander';
import { VERSION } from '../roles/version.ts';
import { addAlertsCommand } from './alerts-command.ts';
import { addAssetsCommand } from './assets-command.ts';
import { addBackupCommands } from './backup-command.ts';
import { addConfigCommand } from './config-command.ts';
import { takesEverywhere } from './context.ts';
import { addDeadLettersCommand } from './dead-letters-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addKeysCommand } from './keys-command.ts';
import { addLabelsCommand } from './labels-command.ts';
import { addLogsCommand } from './logs-command.ts';
import { addModelsCommand } from './models-command.ts';
import { addProfileCommand } from './profile-command.ts';
import { addReplayCommand } from './replay-command.ts';
import { addRoleCommands } from './role-commands.ts';
import { addServicesCommand } from './services-command.ts';
import { addSimulateCommands } from './simulate-commands.ts';
import { addUpCommand } from './up-command.ts';
import { addXidCommand } from './xid-command.ts';

/** All commands with their options; nothing is run by making it. */
export function makeProgram(): Command {
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
  addLogsCommand(program);
  addProfileCommand(program);
  addXidCommand(program);
  addConfigCommand(program);
  takesEverywhere(program);
  quieten(program);
  return program;
}

/** Subcommands do not inherit how errors leave: every one throws instead of printing and exiting. */
function quieten(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  for (const sub of command.commands) quieten(sub);
}
