import { variableOf } from './config.ts';
import { CONFIG_SECTIONS } from './config-schema.ts';

/** The reference page, made from the schema: one section a table. */
export function configReference(): string {
  const lines = [
    '# Configuration',
    '',
    'Generated from `pipeline/config-schema.ts` by `npm run generate`. An option is a key of `gpu-vitals.yaml`, a variable, and a',
    'flag (`--key`); flag over variable over file over default. Durations are `500ms 10s 5m 2h 7d`.',
  ];
  for (const [section, options] of Object.entries(CONFIG_SECTIONS)) {
    lines.push('', `## ${section}`, '', '| option | variable | default | meaning |', '|---|---|---|---|');
    for (const [key, schema] of Object.entries(options)) {
      const fallback = JSON.stringify((schema.def as { defaultValue?: unknown }).defaultValue ?? '');
      lines.push(`| \`${key}\` | \`${variableOf(key)}\` | \`${fallback}\` | ${schema.description ?? ''} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}
