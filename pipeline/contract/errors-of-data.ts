import type { ErrorSpec } from './error-spec.ts';

/** The part of the catalogue about what comes in, what is kept, and the programs that do it. */
export const ERRORS_OF_DATA = {
  'GV-CLI-001': { meaning: 'The command line is wrong.', action: 'See `gpu-vitals --help`.' },
  'GV-CLI-002': { meaning: 'An input is missing or cannot be read.', action: 'Check the path and its permissions.' },
  'GV-CLI-003': {
    meaning: 'Records were refused and --strict was given.',
    action: 'Read dead_letters.jsonl, or run without --strict.',
  },
  'GV-CLI-004': {
    meaning: 'An unexpected failure.',
    action: 'Run again with --log-level debug and report what it prints.',
  },
  'GV-BKP-001': {
    meaning: 'A backup is damaged or incomplete.',
    action: 'Take another one; nothing was changed unless the message names rows.',
  },
  'GV-BKP-002': {
    meaning: 'A backup or restore would overwrite something.',
    action: 'Give an empty folder or installation.',
  },
  'GV-BKP-003': {
    meaning: 'A backup was made by a newer release.',
    action: 'Restore it with that release or a newer one.',
  },
  'GV-CFG-001': {
    meaning: 'The configuration is not valid.',
    action: 'Mend the options named; `gpu-vitals config --reference` documents all of them.',
  },
  'GV-SVC-001': {
    meaning: 'A needed program was not found and could not be installed.',
    action: 'Use one of the four ways that the message lists.',
  },
  'GV-SVC-002': { meaning: 'A service did not become ready.', action: 'Read its log file, named in the message.' },
  'GV-SVC-003': {
    meaning: 'The data folder is in use by another gpu-vitals.',
    action: 'Stop that one, or choose another folder with --data.',
  },
  'GV-SVC-004': {
    meaning: 'A download did not match its pinned SHA-256.',
    action: 'Try again; if it stays, a proxy changes the file.',
  },
  'GV-SVC-005': {
    meaning: 'A service ended while it was needed.',
    action: 'Read its log file, named in the message; it is started again.',
  },
  'GV-SVC-006': { meaning: 'An address cannot be listened on.', action: 'Free the port or choose another one.' },
  'GV-SVC-007': {
    meaning:
      'Listening beyond loopback, or behind a proxy, without keys (remote write: a token) or without TLS is refused.',
    action: 'Create a key with `gpu-vitals keys create`, or bind to 127.0.0.1.',
  },
  'GV-COL-001': {
    meaning: 'A target did not answer in time.',
    action: 'Check that the exporter runs; it can block for 45 s on one bad GPU.',
  },
  'GV-COL-002': { meaning: 'A target refused or broke the connection.', action: 'Check address, TLS and firewall.' },
  'GV-COL-003': {
    meaning: 'A target answered with an HTTP error.',
    action: 'Look at the exporter; check bearer token and path.',
  },
  'GV-COL-004': {
    meaning: 'A target sent more than the size limit.',
    action: 'Raise scrape-size-max, or scrape fewer metrics.',
  },
  'GV-COL-005': {
    meaning: 'The list of targets cannot be read.',
    action: 'Mend the file or address; the last good list stays in use.',
  },
  'GV-COL-006': {
    meaning: 'The spool is full: the oldest scrapes were dropped.',
    action: 'Bring NATS back, or raise spool-size-max.',
  },
  'GV-COL-007': {
    meaning: 'The spool cannot be read or written.',
    action: 'Check disk, space and permissions of the data folder; scraping goes on.',
  },
  'GV-COL-008': {
    meaning: 'A remote write request was refused.',
    action: 'Read the reason; Prometheus does not send it again.',
  },
  'GV-COL-009': {
    meaning: 'Remote write is put off: Prometheus keeps what it has and sends it again.',
    action: 'Bring back what the message names.',
  },
  'GV-BUS-001': { meaning: 'NATS cannot be reached.', action: 'Check --nats and that the server runs with JetStream.' },
  'GV-BUS-002': {
    meaning: 'JetStream refused a stream or a message.',
    action: 'Read the reason; often the disk or the account limit is full.',
  },
  'GV-WIR-001': {
    meaning: 'A message is not in the binary format, or damaged.',
    action: 'Find the publisher; retry after a fix.',
  },
  'GV-WIR-002': {
    meaning: 'A message has a schema or version that this release does not know.',
    action: 'Upgrade this side, then `dead-letters retry`.',
  },
  'GV-WIR-003': {
    meaning: 'A message is larger than its format allows.',
    action: 'Send one scrape of one node per message.',
  },
  'GV-PRS-001': {
    meaning: 'A text scrape cannot be read at all.',
    action: 'Check that the target is a dcgm-exporter.',
  },
  'GV-PRS-002': {
    meaning: 'A line of a text scrape cannot be read.',
    action: 'Look at the original bytes; the rest of the scrape went on.',
  },
  'GV-PRS-003': { meaning: 'A JSON or CSV record cannot be read.', action: 'Look at the original; the rest went on.' },
  'GV-VAL-001': {
    meaning: 'A value is outside the range of its metric.',
    action: 'It was treated as missing; look at driver and exporter if it repeats.',
  },
  'GV-VAL-002': { meaning: 'A value is not a number.', action: 'It was treated as missing.' },
  'GV-VAL-003': { meaning: 'A row has no GPU identity.', action: 'Let the exporter send the UUID label.' },
  'GV-VAL-004': { meaning: 'A row has no usable time.', action: 'Send epoch milliseconds or ISO 8601.' },
  'GV-VAL-005': {
    meaning: 'A row is later than the allowed lateness.',
    action: 'Check the clock of its collector, or raise lateness-max.',
  },
  'GV-VAL-006': { meaning: 'A row carries no known metric.', action: "Check the exporter's list of counters." },
  'GV-VAL-007': { meaning: 'A value is a sentinel that is not a plain blank.', action: 'It was treated as missing.' },
  'GV-VAL-008': { meaning: 'A row lies in the future of its arrival.', action: 'Check the clock of its collector.' },
  'GV-SNK-001': {
    meaning: 'QuestDB cannot be reached or refuses for now.',
    action: 'Rows wait and are sent again in order.',
  },
  'GV-SNK-002': { meaning: 'QuestDB refuses rows for good.', action: 'They are in the dead letters; mend and retry.' },
  'GV-SNK-003': {
    meaning: 'A table is suspended.',
    action: 'It is resumed; if it returns, check disk, memory and open-file limits.',
  },
  'GV-SNK-004': {
    meaning: 'The disk is full.',
    action: 'Free space or shorten the retention; nothing is lost while it waits.',
  },
  'GV-SNK-005': { meaning: 'The database has a newer schema than this release.', action: 'Run the newer release.' },
  'GV-SNP-001': { meaning: 'A snapshot is damaged.', action: 'The one before it is used.' },
  'GV-SNP-002': {
    meaning: 'A snapshot was written by another version, or is of another stream than the one that is there.',
    action: 'It is set aside: the one before is used if it can be, else the stream is read again from its start.',
  },
  'GV-CLU-001': {
    meaning:
      'A worker of a cluster, or a collector that shares targets, could not say in time that it is there: others have what it had.',
    action:
      'Nothing to do: others have taken over, and it comes back. If it repeats, raise cluster-lease or give it CPU.',
  },
  'GV-CLU-002': {
    meaning: 'Another worker of a cluster, or another collector that shares targets, has the same name.',
    action:
      'Give each a name of its own with --worker-name or --collector-name; this one waits until the other is gone.',
  },
  'GV-CLU-003': {
    meaning: 'Something that groups of a cluster had told the steps over the fleet is lost.',
    action: 'See why: stream PICKED was full, older than stream-age-max, or deleted. Rows of single GPUs are complete.',
  },
  'GV-CLU-004': {
    meaning: 'A worker of a cluster does not reach the database, and others do: they take over what it has.',
    action:
      'Check the network between this machine and QuestDB (--questdb). It comes back by itself when it has reached it for some time.',
  },
  'GV-TEL-001': {
    meaning: 'The OpenTelemetry collector takes no traces or metrics.',
    action: 'Check OTEL_EXPORTER_OTLP_ENDPOINT: OTLP over HTTP, port 4318 by default. Everything else goes on.',
  },
  'GV-TEL-002': {
    meaning: 'A profile could not be taken.',
    action: 'Check with `gpu-vitals doctor` that the part runs, and that nobody else profiles it.',
  },
} as const satisfies Record<string, ErrorSpec>;
