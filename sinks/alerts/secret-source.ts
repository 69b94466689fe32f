import { readFileSync } from 'node:fs';
import { ChannelFailure } from '../../pipeline/contract/notifications.ts';

/** A text that nobody may see, read anew whenever it is needed, so that a renewed file counts at once. */
export interface SecretSource {
  /** The text without surrounding blanks. Throws ChannelFailure, retryable, when it is missing, empty or several lines. */
  read(): string;
  /** Where it stands, for people: `file /run/secrets/x`, `variable X`, `configuration`. */
  readonly from: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const SECRET_CHARS_MAX = 4_096;

/** From the settings `<name>`, `<name>_file` or `<name>_env`; null when none of them is given. */
export function secretSource(settings: object, name: string, environment: Environment): SecretSource | null {
  const given = settings as Readonly<Record<string, unknown>>;
  const inline = given[name];
  const file = given[`${name}_file`];
  const env = given[`${name}_env`];
  if (typeof inline === 'string') return source('configuration', () => inline);
  if (typeof file === 'string') return source(`file ${file}`, () => readFileSync(file, 'utf8'));
  if (typeof env === 'string') return source(`variable ${env}`, () => environment[env]);
  return null;
}

function source(from: string, take: () => string | undefined): SecretSource {
  const refused = (why: string): ChannelFailure => new ChannelFailure(`${from} ${why}`, { retryable: true });
  return {
    from,
    read() {
      let text: string | undefined;
      try {
        text = take()?.trim();
      } catch (error) {
        throw refused(`cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}`);
      }
      if (text === undefined) throw refused('is not set');
      if (text === '') throw refused('is empty');
      if (text.length > SECRET_CHARS_MAX) throw refused(`has more than ${SECRET_CHARS_MAX} characters`);
      if (/[\u0000-\u001f\u007f]/.test(text)) throw refused('has more than one line');
      return text;
    },
  };
}
