import type { Command } from 'commander';
import { type ServiceStatus, servicesStatus, startDetached, stopDetached } from '../../deploy/services/detached.ts';
import type { ReportLine } from '../../deploy/services/report.ts';
import type { ConfigKey } from '../config-schema.ts';
import { shownAddress } from '../contract/shown-address.ts';
import { serviceOptions } from '../roles/service-options.ts';
import { type CommandContext, configured, contextOf } from './context.ts';

const KEYS: readonly ConfigKey[] = [
  'cache',
  'durability',
  'nats',
  'questdb',
  'questdb-pg',
  'questdb-memory',
  'questdb-password-file',
  'questdb-reader-password-file',
  'stream-size-max',
];

/** `services start|stop|status`: only nats-server and QuestDB, left running in the background. */
export function addServicesCommand(program: Command): void {
  const services = program.command('services').description('only nats-server and QuestDB');
  const add = (
    name: string,
    help: string,
    run: (context: CommandContext) => Promise<readonly ServiceStatus[]>,
  ): void => {
    const command = configured(services.command(name), KEYS)
      .description(help)
      .action(async () => {
        const context = contextOf(command, KEYS);
        const states = (await run(context)).map(withoutPasswords);
        context.answer(states, () => states.map(describe).join('\n'));
      });
  };
  add('start', 'starts them and leaves them running', (context) =>
    startDetached(serviceOptions(context.loaded.values, reporter(context))),
  );
  add('stop', 'stops what `services start` left running', (context) =>
    stopDetached(context.loaded.values.data, { report: reporter(context) }),
  );
  add('status', 'what runs in this data folder', (context) => servicesStatus(context.loaded.values.data));
}

const reporter =
  (context: CommandContext) =>
  ({ service, step, detail }: ReportLine): void =>
    context.say(`${service}: ${step}, ${detail}`);

const withoutPasswords = (status: ServiceStatus): ServiceStatus => ({
  ...status,
  url: shownAddress(status.url),
  pg_url: shownAddress(status.pg_url),
});

const describe = (status: ServiceStatus): string =>
  Object.entries(status)
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ');
