import { FILE_VARIABLE, JSON_VARIABLE, variableOf } from './config.ts';
import { CONFIG_SECTIONS } from './config-schema.ts';

interface DocumentedOption {
  readonly section: string;
  readonly option: string;
  readonly variable: string;
  /** As it would stand in the file. */
  readonly default: unknown;
  readonly meaning: string;
}

/** Every option of the schema, in its order. */
export const documentedOptions = (): DocumentedOption[] =>
  Object.entries(CONFIG_SECTIONS).flatMap(([section, options]) =>
    Object.entries(options).map(([option, schema]) => ({
      section,
      option,
      variable: variableOf(option),
      default: (schema.def as { defaultValue?: unknown }).defaultValue ?? '',
      meaning: schema.description ?? '',
    })),
  );

/** The reference page, made from the schema: one section a table. */
export function configReference(): string {
  const lines = [
    '# Configuration',
    '',
    'Generated from `pipeline/config-schema.ts` by `npm run generate`. An option is a key of `gpu-vitals.yaml`, a variable, and a',
    'flag (`--key`); flag over variable over file over default. Durations are `500ms 10s 5m 2h 7d`. Where the file is and whether a',
    `command answers as JSON cannot stand in it: \`--config FILE\` or \`${FILE_VARIABLE}\`, \`--json\` or \`${JSON_VARIABLE}\`.`,
  ];
  let section = '';
  for (const one of documentedOptions()) {
    if (one.section !== section) {
      section = one.section;
      lines.push('', `## ${section}`, '', '| option | variable | default | meaning |', '|---|---|---|---|');
    }
    lines.push(`| \`${one.option}\` | \`${one.variable}\` | \`${JSON.stringify(one.default)}\` | ${one.meaning} |`);
  }
  return `${lines.join('\n')}\n`;
}
