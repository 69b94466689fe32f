import type { Clock } from '../../clock.ts';
import { VitalsError } from '../../contract/errors.ts';
import type { Collector } from '../collector.ts';
import type { CollectorEvent } from '../collector-events.ts';
import { Access } from '../scraper-access.ts';
import { RemoteWriteJournal } from './remote-write-journal.ts';
import type { RemoteWriteCounters, RemoteWriteOutcome } from './remote-write-options.ts';
import { RemoteWriteReceiver } from './remote-write-receiver.ts';
import { type RemoteWriteServerOptions, startRemoteWriteServer } from './remote-write-server.ts';

export interface RemoteWriteRoleOptions {
  readonly host: string;
  readonly port: number;
  /** Of the journal. */
  readonly directory: string;
  /** File with the token that Prometheus must send; empty: none. Read again every 30 s. */
  readonly bearer_token_file: string;
  /** Files of a certificate and its key; without them it is plain HTTP. */
  readonly tls?: RemoteWriteServerOptions['tls'];
  readonly collector: Pick<Collector, 'publishScrape' | 'pressure'>;
  /** Whether NATS is there. */
  readonly connected: () => boolean;
  readonly clock: Clock;
  readonly on_event: (event: CollectorEvent) => void;
}

export interface RunningRemoteWrite {
  readonly url: string;
  readonly counters: RemoteWriteCounters;
  stop(): Promise<void>;
}

/**
 * Listens for Prometheus, and hands what it writes to the collector. Throws VitalsError GV-SVC-006 when the address cannot be
 * had, GV-COL-007 when the journal's folder cannot be used.
 */
export async function startRemoteWrite(options: RemoteWriteRoleOptions): Promise<RunningRemoteWrite> {
  const { collector, clock, connected, on_event, host, port } = options;
  const where = `${host}:${port}`;
  let journal: RemoteWriteJournal;
  try {
    journal = new RemoteWriteJournal({ directory: options.directory, clock });
  } catch (cause) {
    throw new VitalsError('GV-COL-007', (cause as Error).message, options.directory, { cause });
  }
  const receiver = new RemoteWriteReceiver({
    clock,
    publish: (scrape, id) => collector.publishScrape(scrape, id),
    onTaking: (packed, version) => journal.request(packed, version),
    onSafe: (target, ts) => noted(() => journal.safe(target, ts)),
  });
  /** A mark that is lost costs at most a scrape sent again under the same id. */
  const noted = (note: () => void): void => {
    try {
      note();
    } catch (cause) {
      on_event({ kind: 'spool_failed', code: 'GV-COL-007', detail: `remote write: ${(cause as Error).message}` });
    }
  };
  const requests = journal.read({
    request: (packed, version) => receiver.takeAgain(packed, version),
    safe: (target, ts) => receiver.passOver(target, ts),
  });
  receiver.resume();
  if (requests > 0) {
    const detail = `${requests} requests of an earlier run read again, ${receiver.counters.waiting_samples} samples wait`;
    on_event({ kind: 'remote_write_resumed', code: null, where, detail });
  }

  let trouble: 'remote_write_refused' | 'remote_write_put_off' | null = null;
  const judge = (outcome: RemoteWriteOutcome): void => {
    const wrong = outcome.kind === 'unreadable' || (outcome.kind === 'taken' && outcome.invalid > 0);
    const now = outcome.kind === 'put_off' ? 'remote_write_put_off' : wrong ? 'remote_write_refused' : null;
    if (now === trouble) return;
    trouble = now;
    if (now === null) {
      on_event({ kind: 'remote_write_mended', code: null, where, detail: 'remote write is taken again' });
      return;
    }
    const detail = outcome.kind === 'taken' ? `${outcome.invalid} samples: ${outcome.fault}` : outcome.detail;
    const code = now === 'remote_write_refused' ? 'GV-COL-008' : 'GV-COL-009';
    on_event({ kind: now, code, where, detail: `remote write: ${detail}` });
  };
  const access = new Access(
    options.bearer_token_file === ''
      ? undefined
      : { match: '*', insecure: false, bearer_token_file: options.bearer_token_file },
    clock,
  );
  const server = await startRemoteWriteServer({
    host,
    port,
    tls: options.tls ?? null,
    take: (packed, version) => receiver.take(packed, version),
    busy: () =>
      !connected() ? 'NATS is away' : collector.pressure() === null ? null : 'NATS takes fewer scrapes than come',
    putOff: (detail) => receiver.putOff(detail),
    authorization: () => access.authorization(),
    on_outcome: judge,
  });
  return {
    url: server.url,
    get counters() {
      return receiver.counters;
    },
    async stop() {
      await server.close();
      receiver.stop();
      journal.close();
    },
  };
}
