import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { VitalsError } from '../contract/errors.ts';
import { logPath } from '../log.ts';
import { newLines, startOf } from '../logs/follow-file.ts';
import { LOG_LEVELS, type LogLevelName, readLogLine } from '../logs/log-line.ts';
import { configured, contextOf } from './context.ts';

/** Parts that write a file of their own. */
const SERVICES = ['nats', 'questdb'];
const LINES_MAX = 100_000;
const LOOK_EVERY_MS = 500;

interface Wanted {
  readonly follow?: true;
  readonly part?: string;
  readonly level: LogLevelName;
  readonly lines: number;
}

/** `logs`: the last lines of the data folder's logs, by part and level; with --follow until it is stopped. */
export function addLogsCommand(program: Command): void {
  const command = configured(program.command('logs'), [])
    .description('the last lines of the logs in the data folder')
    .option('--follow', 'go on with what is written, until stopped')
    .option('--part <part>', 'only this part, such as engine, collector, api, nats, questdb')
    .addOption(
      new Option('--level <level>', 'only from this level on').choices(Object.keys(LOG_LEVELS)).default('debug'),
    )
    .option('--lines <n>', 'how many of the last lines', lineCount, 100)
    .action(async () => {
      const context = contextOf(command, []);
      const { follow, part, level, lines } = command.opts<Wanted>();
      const service = part !== undefined && SERVICES.includes(part);
      const { data } = context.loaded.values;
      const path = service ? join(data, 'logs', `${part}.log`) : logPath(data);
      if (!existsSync(path) && follow !== true) throw new VitalsError('GV-CLI-002', 'there is no log', path);
      // A service's lines have no level that we know: they are shown as they are.
      const chosen = (line: string): string | null => {
        const told = readLogLine(line);
        if (!service && part !== undefined && told.part !== part) return null;
        if (told.level !== null && told.level < LOG_LEVELS[level]) return null;
        return context.json ? line : told.text;
      };
      const print = (line: string): boolean => process.stdout.write(`${line}\n`);

      const place = startOf(path);
      const last: string[] = [];
      // The file may have been begun a moment ago: what was set aside before it is read first.
      for (const from of [startOf(`${path}.1`), place]) {
        for await (const line of newLines(from)) {
          const text = chosen(line);
          if (text === null) continue;
          last.push(text);
          if (last.length > 2 * lines) last.splice(0, last.length - lines);
        }
      }
      last.slice(-lines).forEach(print);
      while (follow === true) {
        await sleep(LOOK_EVERY_MS);
        for await (const line of newLines(place)) {
          const text = chosen(line);
          if (text !== null) print(text);
        }
      }
    });
}

function lineCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= LINES_MAX) return count;
  throw new InvalidArgumentError(`a whole number from 1 to ${LINES_MAX} is needed`);
}
