import type { Command } from 'commander';
import { configReference, documentedOptions } from '../config-reference.ts';
import { CONFIG_KEYS } from '../config-schema.ts';
import { effectiveConfig } from '../effective-config.ts';
import { configured, contextOf } from './context.ts';

/** `config`: the effective configuration with the origin of each value; `--reference`: every option documented. */
export function addConfigCommand(program: Command): void {
  const command = configured(program.command('config'), CONFIG_KEYS)
    .description('effective configuration and where each value comes from')
    .option('--reference', 'document every option')
    .action(() => {
      const { loaded, answer } = contextOf(command, CONFIG_KEYS);
      if (command.opts().reference === true) {
        answer(documentedOptions(), configReference);
        return;
      }
      const rows = effectiveConfig(loaded).map(({ option, value, origin }) => ({ option, value, origin }));
      answer(rows, () =>
        rows.map(({ option, value, origin }) => `${option}: ${JSON.stringify(value)}  # ${origin}`).join('\n'),
      );
    });
}
