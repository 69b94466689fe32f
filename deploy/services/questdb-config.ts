import type { Durability } from './nats-config.ts';

/** Who may only read: dashboards. */
const READER = 'reader';

export interface QuestdbConfigOptions {
  readonly host: string;
  readonly http_port: number;
  readonly pg_port: number;
  readonly pg_user: string;
  readonly pg_password: string;
  /** The HTTP side asks for the same user and password. */
  readonly http_login: boolean;
  /** Password of the user `reader` of the PostgreSQL side, who may only read; null: there is none. */
  readonly reader_password: string | null;
  readonly durability: Durability;
}

/**
 * QuestDB's server.conf for one small machine, names as in release 9.3.4.
 *
 * What a committed row survives:
 * - `fast` (`nosync`): the end of QuestDB by any signal, kill -9 too: the pages are with the operating system. Not a
 *   power loss: the last commits can be lost or torn; the engine's replay from NATS writes them again.
 * - `safe` (`sync`): power loss too, at the price of waiting for the disk in every commit.
 */
export function renderQuestdbConfig(options: QuestdbConfigOptions): string {
  return [
    `http.bind.to=${options.host}:${options.http_port}`,
    `pg.net.bind.to=${options.host}:${options.pg_port}`,
    `pg.user=${propertyValue(options.pg_user)}`,
    `pg.password=${propertyValue(options.pg_password)}`,
    ...(options.reader_password === null
      ? []
      : [
          'pg.readonly.user.enabled=true',
          `pg.readonly.user=${READER}`,
          `pg.readonly.password=${propertyValue(options.reader_password)}`,
        ]),
    ...(options.http_login
      ? [`http.user=${propertyValue(options.pg_user)}`, `http.password=${propertyValue(options.pg_password)}`]
      : []),
    'http.min.enabled=false',
    'line.tcp.enabled=false',
    'line.udp.enabled=false',
    'telemetry.enabled=false',
    // Each pool would take a thread per core; several of them on two cores only wait for each other.
    'shared.network.worker.count=1',
    'shared.query.worker.count=1',
    'shared.write.worker.count=1',
    'wal.apply.worker.count=1',
    'mat.view.refresh.worker.count=1',
    'view.compiler.worker.count=1',
    'export.worker.count=1',
    // A worker without work asks again and again before it sleeps: seven thousand times by default, which on two cores takes
    // the time of whoever has what it waits for (a sixth of QuestDB's CPU under load).
    ...['shared', 'wal.apply', 'mat.view.refresh', 'view.compiler', 'export'].map(
      (pool) => `${pool}.worker.nap.threshold=100`,
    ),
    'cairo.mat.view.enabled=true',
    // Two of these are kept per column while out-of-order rows are merged: 8 MiB each would be 1 GiB for a wide table.
    'cairo.o3.column.memory.size=512K',
    // Every column of every table and view in use holds one of these on disk: with 16 MiB each, 16 GPUs took 1.9 GB.
    'cairo.writer.data.append.page.size=1M',
    'cairo.wal.writer.data.append.page.size=256K',
    'cairo.system.writer.data.append.page.size=64K',
    'cairo.writer.data.index.value.append.page.size=1M',
    'cairo.writer.data.index.key.append.page.size=256K',
    // A reader at rest keeps every partition open that it ever looked into: of a table of 250 columns a year of days took the
    // whole heap.
    'cairo.inactive.reader.max.open.partitions=8',
    `cairo.commit.mode=${options.durability === 'safe' ? 'sync' : 'nosync'}`,
    // A misspelt ILP field must be an error, not a new column.
    'line.auto.create.new.columns=false',
    '',
  ].join('\n');
}

/** Java's properties files read backslashes as escapes and leave out leading blanks. */
function propertyValue(text: string): string {
  const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(/[\\\s\u0000-\u001f\u007f-\uffff]/g, escaped);
}

/** log.conf: warnings and milestones to stdout, not every query. */
export function renderQuestdbLogConfig(): string {
  return [
    'writers=stdout',
    'w.stdout.class=io.questdb.log.LogConsoleWriter',
    'w.stdout.level=ERROR,CRITICAL,ADVISORY',
    '',
  ].join('\n');
}

export interface QuestdbCommand {
  readonly java_major: number;
  readonly jar: string;
  readonly root: string;
  readonly heap_max_mib: number;
  /** Compiles Java once and simply: half the CPU for a start, slower under load. */
  readonly quick_start: boolean;
  /** Folder for the native library that QuestDB unpacks at every start, and leaves behind when it is killed. */
  readonly scratch: string;
  /** Where the JVM writes its report when it crashes. */
  readonly crash_log: string;
}

/** Arguments for `java`. Source: QuestDB's own service units and test fixtures for 9.x. */
export function questdbArguments(command: QuestdbCommand): string[] {
  return [
    '-Dnoebug',
    `-Djava.io.tmpdir=${command.scratch}`,
    `-Xms${Math.min(64, command.heap_max_mib)}m`,
    `-Xmx${command.heap_max_mib}m`,
    // QuestDB keeps its data off the heap: a parallel collector would only cost threads.
    '-XX:+UseSerialGC',
    ...(command.quick_start ? ['-XX:TieredStopAtLevel=1'] : []),
    `-XX:ErrorFile=${command.crash_log}`,
    ...(command.java_major >= 24 ? ['--sun-misc-unsafe-memory-access=allow', '--enable-native-access=io.questdb'] : []),
    '-p',
    command.jar,
    '-m',
    'io.questdb/io.questdb.ServerMain',
    '-d',
    command.root,
  ];
}
