import type { Command } from 'commander';
import { configReference } from '../config-reference.ts';
import { CONFIG_KEYS, isDuration } from '../config-schema.ts';
import { shownAddress } from '../contract/shown-address.ts';
import { type DurationMs, formatDuration } from '../contract/time.ts';
import { configured, contextOf } from './context.ts';

/** `config`: the effective configuration with the origin of each value; `--reference`: every option documented. */
export function addConfigCommand(program: Command): void {
  const command = configured(program.command('config'), CONFIG_KEYS)
    .description('effective configuration and where each value comes from')
    .option('--reference', 'document every option')
    .action(() => {
      const { loaded, answer } = contextOf(command, CONFIG_KEYS);
      if (command.opts().reference === true) {
        process.stdout.write(configReference());
        return;
      }
      const rows = CONFIG_KEYS.map((key) => {
        const value = loaded.values[key];
        const printed = isDuration(key) ? formatDuration(value as DurationMs) : shown(value);
        return { option: key, value: printed, origin: loaded.origins[key] };
      });
      answer(rows, () =>
        rows.map(({ option, value, origin }) => `${option}: ${JSON.stringify(value)}  # ${origin}`).join('\n'),
      );
    });
}

/** Addresses carry passwords, and what this command prints ends in tickets. */
const shown = (value: unknown): unknown => (typeof value === 'string' ? shownAddress(value) : value);
