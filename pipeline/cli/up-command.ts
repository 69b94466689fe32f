import type { Command } from 'commander';
import { CONFIG_KEYS } from '../config-schema.ts';
import { shownAddress } from '../contract/shown-address.ts';
import { type ReadyLine, startUp } from '../roles/up.ts';
import { configured, contextOf } from './context.ts';
import { loggedNews } from './logged-news.ts';
import { untilStopped } from './until-stopped.ts';

/** `up`: everything on one machine. */
export function addUpCommand(program: Command): void {
  const command = configured(program.command('up'), CONFIG_KEYS)
    .description(
      'everything on one machine: NATS and QuestDB if none are given, a simulated fleet if no targets are given',
    )
    .action(async () => {
      const context = contextOf(command, CONFIG_KEYS);
      const config = context.loaded.values;
      const news = loggedNews(context, 'up');
      await untilStopped(async () => {
        const system = await startUp({
          config,
          origins: context.loaded.origins,
          ...news,
          newsOf: (part) => loggedNews(context, part, { begins: false }),
        });
        const ready = withoutPasswords(system.ready);
        process.stdout.write(`${JSON.stringify(ready)}\n`);
        context.say(
          [
            '',
            `  console   ${ready.console}`,
            `  REST      ${ready.api}/api/v1  (docs: ${ready.api}/docs)`,
            `  live      ${ready.live}`,
            `  NATS      ${ready.nats}`,
            `  QuestDB   ${ready.questdb}`,
            `  Postgres  ${ready.questdb_pg}`,
            '',
            '  Ctrl-C stops everything.',
            '',
          ].join('\n'),
        );
        // The addresses of NATS and QuestDB may carry passwords.
        news.note('ready', { api: ready.api, live: ready.live });
        return system;
      });
    });
}

/** QuestDB's usual login is known to everybody, and programs connect with it. */
const USUAL_LOGIN = '//admin:quest@';

/** What is printed goes into logs of whoever started us: commands find the whole addresses in the data folder. */
const withoutPasswords = (ready: ReadyLine): ReadyLine => {
  const shown = (url: string): string => (url.includes(USUAL_LOGIN) ? url : shownAddress(url));
  return { ...ready, nats: shown(ready.nats), questdb: shown(ready.questdb), questdb_pg: shown(ready.questdb_pg) };
};
