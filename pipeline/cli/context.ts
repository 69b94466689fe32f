import { type Command, Option } from 'commander';
import { FILE_VARIABLE, type LoadedConfig, loadConfig } from '../config.ts';
import { CONFIG_SECTIONS, type ConfigKey } from '../config-schema.ts';
import type { VitalsError } from '../contract/errors.ts';
import { withoutCredentials } from '../contract/without-credentials.ts';
import { answersAsJson } from './answers-as-json.ts';
import { describeError } from './exit-codes.ts';

/** What every command is handed besides its own arguments. */
export interface CommandContext {
  readonly loaded: LoadedConfig;
  readonly json: boolean;
  readonly debug: boolean;
  /** One line of progress or news on stderr: for people, with --json as JSON like all else there. */
  say(line: string): void;
  /** An error that does not end the command. */
  tell(error: VitalsError): void;
  /** The command's answer, on stdout: as JSON with --json, as text otherwise. */
  answer(value: unknown, text: () => string): void;
}

const DESCRIPTIONS: ReadonlyMap<string, string> = new Map(
  Object.values(CONFIG_SECTIONS).flatMap((section) =>
    Object.entries(section).map(([key, schema]): [string, string] => [key, schema.description ?? '']),
  ),
);

const EVERYWHERE: readonly ConfigKey[] = ['data', 'log-level'];

const FILE_DEFAULT = 'gpu-vitals.yaml';

/** A command with its configuration keys as options, plus what every command takes. */
export function configured(command: Command, keys: readonly ConfigKey[]): Command {
  command.addOption(new Option('--config <FILE>', `configuration file (default: "${FILE_DEFAULT}")`));
  command.addOption(new Option('--json', 'answers and errors as JSON'));
  for (const key of new Set([...EVERYWHERE, ...keys])) {
    command.addOption(new Option(`--${key} <value>`, DESCRIPTIONS.get(key) ?? ''));
  }
  return command;
}

/** What every command takes may stand before its name too, behind the program or a group: who is nearer to the end wins. */
export function takesEverywhere(command: Command): void {
  if (command.commands.length === 0) return;
  configured(command, []).enablePositionalOptions();
  for (const sub of command.commands) takesEverywhere(sub);
}

/** What was given for an option of every command, at the command itself or above it. */
function givenTo(command: Command, name: string): unknown {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    if (at.getOptionValueSource(name) === 'cli') return at.getOptionValue(name);
  }
  return undefined;
}

/** Reads configuration for a command that was made by `configured`. Throws GV-CFG-001. */
export function contextOf(command: Command, keys: readonly ConfigKey[]): CommandContext {
  const flags = Object.fromEntries(
    [...new Set([...EVERYWHERE, ...keys])].map((key) => [key, givenTo(command, camelCase(key))]),
  );
  const file = givenTo(command, 'config') ?? (process.env[FILE_VARIABLE] || undefined);
  const loaded = loadConfig({
    file: String(file ?? FILE_DEFAULT),
    file_required: file !== undefined,
    environment: process.env,
    flags,
  });
  const json = givenTo(command, 'json') === true || answersAsJson([], process.env);
  const debug = loaded.values['log-level'] === 'debug';
  return {
    loaded,
    json,
    debug,
    say(line) {
      const message = withoutCredentials(line);
      process.stderr.write(`${json ? JSON.stringify({ level: 'info', message }) : message}\n`);
    },
    tell: (error) => process.stderr.write(`${describeError(error, { json, debug })}\n`),
    answer: (value, text) =>
      process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text().replace(/\n?$/, '\n')}`),
  };
}

const camelCase = (key: string): string => key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
