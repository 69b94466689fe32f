import type { VitalsError } from '../contract/errors.ts';
import { openLog } from '../log.ts';
import type { CommandContext } from './context.ts';

/** What a part that runs for long has to say: to people and into the log. */
export interface News {
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
  /** Into the log alone. */
  readonly note: (text: string, fields: Readonly<Record<string, unknown>>) => void;
}

export function loggedNews(context: CommandContext, part: string): News {
  const { data, 'log-level': level } = context.loaded.values;
  const log = openLog({ data, level, part });
  return {
    say(line) {
      context.say(line);
      log.info(line);
    },
    tell(error) {
      context.tell(error);
      log.warn({ code: error.code, where: error.where }, error.message);
    },
    note(text, fields) {
      log.info(fields, text);
    },
  };
}
