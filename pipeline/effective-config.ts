import { CONFIG_KEYS, CONFIG_SECTIONS, type Config, type ConfigKey, isDuration } from './config-schema.ts';
import { shownAddress } from './contract/shown-address.ts';
import { type DurationMs, formatDuration } from './contract/time.ts';

/** An option as it is in effect, fit to be shown: what is secret is not there. */
export interface EffectiveOption {
  readonly option: ConfigKey;
  readonly value: unknown;
  /** `default`, the file's path, the variable's name, or the flag. */
  readonly origin: string;
  readonly section: string;
  readonly help: string;
}

/** Every option with its value and where it comes from. */
export function effectiveConfig(loaded: {
  readonly values: Config;
  readonly origins: Readonly<Record<ConfigKey, string>>;
}): EffectiveOption[] {
  return CONFIG_KEYS.map((option) => {
    const value = loaded.values[option];
    const { section, help } = DOCUMENTED.get(option) ?? { section: '', help: '' };
    return {
      option,
      value: isDuration(option) ? formatDuration(value as DurationMs) : shown(value, option),
      origin: loaded.origins[option],
      section,
      help,
    };
  });
}

const DOCUMENTED: ReadonlyMap<string, { readonly section: string; readonly help: string }> = new Map(
  Object.entries(CONFIG_SECTIONS).flatMap(([section, options]) =>
    Object.entries(options).map(([option, schema]) => [option, { section, help: schema.description ?? '' }] as const),
  ),
);

/** What a name says is secret, unless it names the file or variable that holds it. */
const SECRET = /(^|[-_])(password|secret|token|key|credentials?|pass)$/i;

/** Options that hold addresses, with or without a scheme. */
const ADDRESSES: ReadonlySet<string> = new Set<ConfigKey>(['nats', 'questdb', 'questdb-pg']);

/** Addresses carry passwords, and what is shown ends in tickets. The path of an address inside an option may be all its secret. */
function shown(value: unknown, name: string, inside = false): unknown {
  if (typeof value === 'string') {
    if (value === '') return value;
    if (SECRET.test(name)) return '***';
    if (inside && name === 'url' && URL.canParse(value)) return `${new URL(value).origin}/***`;
    return shownAddress(value, { certain: !inside && ADDRESSES.has(name) }).replace(
      /([?&][^=&#\s]+)=[^&#\s]*/g,
      '$1=***',
    );
  }
  if (Array.isArray(value)) return value.map((one) => shown(one, name, true));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, one]) => [field, shown(one, field, true)]));
}
