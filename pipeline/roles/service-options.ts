import type { Report } from '../../deploy/services/report.ts';
import type { ServicesOptions } from '../../deploy/services/services-options.ts';
import type { Config } from '../config-schema.ts';

/** JetStream refuses streams whose reserved sizes exceed its store: room for dead letters and alerts beside the raw stream. */
const OTHER_STREAMS_MIB = 2_048;

/** Configuration as the launcher takes it; an empty text means "not given". */
export const serviceOptions = (config: Config, report: Report): ServicesOptions => ({
  data: config.data,
  ...(config.nats === '' ? {} : { nats: config.nats }),
  ...(config.questdb === '' ? {} : { questdb: config.questdb }),
  ...(config['questdb-pg'] === '' ? {} : { questdb_pg: config['questdb-pg'] }),
  ...(config.cache === '' ? {} : { cache: config.cache }),
  durability: config.durability,
  questdb_heap_max_mib: config['questdb-memory'],
  jetstream_max_mib: config['stream-size-max'] + OTHER_STREAMS_MIB,
  report,
});
