import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import { CONFIG_KEYS, type Config, type ConfigKey, configSchema } from './config-schema.ts';
import { VitalsError } from './contract/errors.ts';

export interface LoadedConfig {
  readonly values: Config;
  /** Where each value comes from: `default`, the file's path, the variable's name, or the flag. */
  readonly origins: Readonly<Record<ConfigKey, string>>;
}

export interface ConfigSources {
  /** Path of the file; missing is an error only when it was asked for by name. */
  readonly file: string;
  readonly file_required: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Options of the command line by their configuration key; undefined ones were not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Reads the file; the machine's when absent. */
  readonly read?: (path: string) => string;
}

/** Far more than all options take; YAML that is nested by the thousand costs the square of its length. */
const FILE_CHARACTERS_MAX = 131_072;
const VARIABLE_PREFIX = 'GPU_VITALS_';
export const variableOf = (key: string): string => VARIABLE_PREFIX + key.toUpperCase().replaceAll('-', '_');

/** Every command has these two besides the options of the configuration: where that stands, and how it is answered. */
export const FILE_VARIABLE = variableOf('config');
export const JSON_VARIABLE = variableOf('json');

/** Flag over environment over file over default; every problem is reported at once. Throws GV-CFG-001. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const problems: string[] = [];
  const given: Record<string, unknown> = {};
  const origins: Record<string, string> = Object.fromEntries(CONFIG_KEYS.map((key) => [key, 'default']));
  const take = (key: string, value: unknown, origin: string): void => {
    if (!CONFIG_KEYS.includes(key as ConfigKey)) {
      problems.push(`${origin}: there is no option ${key.slice(0, KEY_CHARACTERS_MAX)}${suggestion(key)}`);
      return;
    }
    given[key] = value;
    origins[key] = origin;
  };
  for (const [key, value] of Object.entries(readConfigFile(sources))) take(key, value, sources.file);
  for (const [name, value] of Object.entries(sources.environment)) {
    if (!name.startsWith(VARIABLE_PREFIX) || value === undefined) continue;
    if (name === FILE_VARIABLE || name === JSON_VARIABLE) continue;
    take(name.slice(VARIABLE_PREFIX.length).toLowerCase().replaceAll('_', '-'), value, name);
  }
  for (const [key, value] of Object.entries(sources.flags)) {
    if (value !== undefined) take(key, value, `--${key}`);
  }
  const parsed = configSchema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const key = String(issue.path[0] ?? '');
      const inside = issue.path.length > 1 ? ` at ${issue.path.slice(1).join('.')}` : '';
      problems.push(`${key} (${origins[key] ?? 'configuration'}): ${issue.message}${inside}`);
    }
  }
  if (problems.length > 0 || !parsed.success) {
    throw new VitalsError('GV-CFG-001', problems.join('; '), '');
  }
  return { values: parsed.data, origins: origins as Record<ConfigKey, string> };
}

const readText = (path: string): string => readFileSync(path, 'utf8');

function readConfigFile(sources: ConfigSources): Record<string, unknown> {
  let body: string;
  try {
    body = (sources.read ?? readText)(sources.file);
  } catch (cause) {
    if (!sources.file_required && (cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new VitalsError('GV-CLI-002', 'the configuration file cannot be read', sources.file, { cause });
  }
  if (body.length > FILE_CHARACTERS_MAX) {
    throw new VitalsError('GV-CFG-001', `the file has more than ${FILE_CHARACTERS_MAX} characters`, sources.file);
  }
  let content: unknown;
  try {
    // A library that draws every mistake looks at the file once for each of them.
    content = parse(body, { prettyErrors: false, logLevel: 'error' });
  } catch (cause) {
    const line = cause instanceof YAMLParseError ? `, line ${body.slice(0, cause.pos[0]).split('\n').length}` : '';
    const detail = (cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)) + line;
    // Without the cause: it quotes the lines around the mistake, and there may be a secret in them.
    throw new VitalsError('GV-CFG-001', `not YAML: ${detail}`, sources.file);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new VitalsError('GV-CFG-001', 'the file must hold options by name', sources.file);
  }
  return content as Record<string, unknown>;
}

function suggestion(key: string): string {
  if (key.length > KEY_CHARACTERS_MAX) return '';
  const [near] = CONFIG_KEYS.map((known) => ({ known, edits: distance(known, key) })).sort((a, b) => a.edits - b.edits);
  const meant = near && near.edits <= 2 ? near.known : CONFIG_KEYS.find((known) => known.startsWith(key));
  return meant ? `, did you mean ${meant}?` : '';
}

/** A longer text is no misspelt option, and comparing it would take long. */
const KEY_CHARACTERS_MAX = 64;

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same));
    }
    row = next;
  }
  return row[b.length] as number;
}
