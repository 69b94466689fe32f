import { type Command, Option } from 'commander';
import { type LoadedConfig, loadConfig } from '../config.ts';
import { CONFIG_SECTIONS, type ConfigKey } from '../config-schema.ts';
import type { VitalsError } from '../contract/errors.ts';
import { withoutCredentials } from '../contract/without-credentials.ts';
import { describeError } from './exit-codes.ts';

/** What every command is handed besides its own arguments. */
export interface CommandContext {
  readonly loaded: LoadedConfig;
  readonly json: boolean;
  readonly debug: boolean;
  /** One line of progress or news for people, on stderr. */
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

/** A command with its configuration keys as options, plus what every command takes. */
export function configured(command: Command, keys: readonly ConfigKey[]): Command {
  command.addOption(new Option('--config <FILE>', 'configuration file').default('gpu-vitals.yaml'));
  command.addOption(new Option('--json', 'answers and errors as JSON'));
  for (const key of new Set([...EVERYWHERE, ...keys])) {
    command.addOption(new Option(`--${key} <value>`, DESCRIPTIONS.get(key) ?? ''));
  }
  return command;
}

/** Reads configuration for a command that was made by `configured`. Throws GV-CFG-001. */
export function contextOf(command: Command, keys: readonly ConfigKey[]): CommandContext {
  const options = command.opts<Record<string, string | boolean | undefined>>();
  const flags = Object.fromEntries([...new Set([...EVERYWHERE, ...keys])].map((key) => [key, options[camelCase(key)]]));
  const loaded = loadConfig({
    file: String(options.config),
    file_required: command.getOptionValueSource('config') === 'cli',
    environment: process.env,
    flags,
  });
  const json = options.json === true;
  const debug = loaded.values['log-level'] === 'debug';
  return {
    loaded,
    json,
    debug,
    say: (line) => process.stderr.write(`${withoutCredentials(line)}\n`),
    tell: (error) => process.stderr.write(`${describeError(error, { json, debug })}\n`),
    answer: (value, text) =>
      process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text().replace(/\n?$/, '\n')}`),
  };
}

const camelCase = (key: string): string => key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
