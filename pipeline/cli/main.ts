#!/usr/bin/env node
import { CommanderError } from 'commander';
import { variableOf } from '../config.ts';
import { VitalsError } from '../contract/errors.ts';
import { answersAsJson } from './answers-as-json.ts';
import { describeError, exitCodeOf, toVitalsError } from './exit-codes.ts';
import { makeProgram } from './program.ts';

let json = process.argv.includes('--json');
const debug =
  process.env[variableOf('log-level')] === 'debug' ||
  process.argv.some(
    (argument, i, all) => argument === '--log-level=debug' || (argument === '--log-level' && all[i + 1] === 'debug'),
  );

try {
  json = answersAsJson(process.argv, process.env);
  await makeProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError && error.exitCode === 0) process.exit(0);
  const told =
    error instanceof CommanderError
      ? new VitalsError('GV-CLI-001', usageProblem(error), 'command line')
      : toVitalsError(error);
  process.stderr.write(`${describeError(told, { json, debug })}\n`);
  process.exit(exitCodeOf(told));
}

function usageProblem(error: CommanderError): string {
  if (error.code === 'commander.help' || error.message === '(outputHelp)') return 'a command is missing';
  return error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
}
