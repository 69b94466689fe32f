import { readFileSync } from 'node:fs';
import type { Report } from '../../deploy/services/report.ts';
import type { ServicesOptions } from '../../deploy/services/services-options.ts';
import type { Config } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';

/** JetStream refuses streams whose reserved sizes exceed its store: room for dead letters and alerts beside the raw stream. */
const OTHER_STREAMS_MIB = 2_048;

/** Throws GV-SEC-006 when the file is named and has none. */
function passwordOf<Name extends string>(
  config: Config,
  option: 'questdb-password-file' | 'questdb-reader-password-file',
  name: Name,
): { readonly [N in Name]?: string } {
  const path = config[option];
  if (path === '') return {};
  let password: string;
  try {
    password = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'not readable';
    throw new VitalsError('GV-SEC-006', `${option} cannot be read (${why})`, path, { cause });
  }
  if (password === '') throw new VitalsError('GV-SEC-006', `${option} is empty`, path);
  return { [name]: password } as { readonly [N in Name]?: string };
}

/** Configuration as the launcher takes it; an empty text means "not given". */
export const serviceOptions = (config: Config, report: Report): ServicesOptions => ({
  data: config.data,
  ...(config.nats === '' ? {} : { nats: config.nats }),
  ...(config.questdb === '' ? {} : { questdb: config.questdb }),
  ...(config['questdb-pg'] === '' ? {} : { questdb_pg: config['questdb-pg'] }),
  ...(config.cache === '' ? {} : { cache: config.cache }),
  durability: config.durability,
  ...passwordOf(config, 'questdb-password-file', 'pg_password'),
  ...passwordOf(config, 'questdb-reader-password-file', 'reader_password'),
  questdb_heap_max_mib: config['questdb-memory'],
  jetstream_max_mib: config['stream-size-max'] + OTHER_STREAMS_MIB,
  report,
});
