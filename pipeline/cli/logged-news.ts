import type { VitalsError } from '../contract/errors.ts';
import { openLog } from '../log.ts';
import { errorFields } from '../logs/error-fields.ts';
import { STARTS } from '../logs/log-line.ts';
import { VERSION } from '../roles/version.ts';
import type { CommandContext } from './context.ts';

/** What a part that runs for long has to say: to people and into the log. */
export interface News {
  readonly say: (line: string) => void;
  readonly tell: (error: VitalsError) => void;
  /** Into the log alone. */
  readonly note: (text: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** `begins`: the process begins with it, which `doctor` counts; else it is a part of one that has. An engine has a `worker`. */
export function loggedNews(
  context: CommandContext,
  part: string,
  { begins = true, worker }: { readonly begins?: boolean; readonly worker?: string } = {},
): News {
  const { data, 'log-level': level } = context.loaded.values;
  const log = openLog({ data, level, part, ...(worker === undefined ? {} : { worker }) });
  if (begins) log.info({ version: VERSION }, STARTS);
  return {
    say(line) {
      context.say(line);
      log.info(line);
    },
    tell(error) {
      context.tell(error);
      log.warn(errorFields(error), error.message);
    },
    note(text, fields) {
      log.info(fields, text);
    },
  };
}
