import { dataLockHolder, hasStaleLock } from '../../deploy/services/data-lock.ts';
import { addressOf, probeNats, probeQuestdb, probeTcp } from '../../deploy/services/probe.ts';
import { PREFERRED_PORTS } from '../../deploy/services/services-options.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { type DatabaseFacts, inspectDatabase } from '../../sinks/questdb/inspect-database.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { type BusFacts, countInvalid, inspectBus } from '../bus/inspect-bus.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config-schema.ts';
import { VitalsError } from '../contract/errors.ts';
import { shownAddress } from '../contract/shown-address.ts';
import { hours, seconds } from '../contract/time.ts';
import { listenAddress } from '../roles/listen-address.ts';
import { type KnownAddresses, knownAddresses } from './addresses.ts';
import { judgeAlerts } from './alerts.ts';
import { judgeClocks } from './clocks.ts';
import { judgeCollector } from './collector.ts';
import { judgeDataFolder, lookAtDataFolder } from './data-folder.ts';
import { judgeDeadLetters } from './dead-letters.ts';
import { judgeEngine, lookAtSnapshot } from './engine.ts';
import { judgeApi, judgeCertificate, judgeLive, lookAtApi, lookAtLive } from './faces.ts';
import { type Finding, finding } from './finding.ts';
import { judgeFrames } from './frames.ts';
import { type HeardParts, hearParts } from './hear-parts.ts';
import { judgeKeys, type KeyFacts, lookAtKeys } from './keys.ts';
import { judgeModels, lookAtModels, type ModelFacts } from './models.ts';
import { judgeNodeVersion } from './node-version.ts';
import { judgePort, type PortFacts } from './ports.ts';
import { judgeProgram, lookForProgram } from './programs.ts';
import { judgeStarts, lookAtStarts } from './starts.ts';
import { judgeBus } from './streams.ts';
import { judgeDatabase } from './tables.ts';

export interface ExamineOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
}

const LISTEN_MS = 2_300;
const CONNECT_MS = 2_000;
const PROBE_MS = 1_000;
const DEAD_LETTERS_MAX = 100_000;
const DATABASE = { pool_size: 1, statement_timeout: seconds(20), connect_timeout: seconds(2) };

/** Looks at every part and judges it, with or without a running `up`; changes nothing. Never throws for a part that is away. */
export async function examine(options: ExamineOptions): Promise<Finding[]> {
  const { config, clock, env } = options;
  const holder_pid = await dataLockHolder(config.data);
  const known = await knownAddresses(config);
  const [folder, snapshot_at, starts, bus, database, ports] = await Promise.all([
    lookAtDataFolder(config.data, {
      holder_pid,
      ready: known.running !== null,
      stale_lock: hasStaleLock(config.data, holder_pid),
    }),
    lookAtSnapshot(config.data),
    lookAtStarts(config.data, clock.now()),
    lookAtBus(known, options),
    lookAtDatabase(known, options),
    lookAtPorts(known, config),
  ]);
  const running = known.running !== null;
  const engine = bus.parts !== null && bus.parts.engines.length > 0;
  const now = clock.now();
  const findings = [judgeNodeVersion(process.versions.node), ...judgeDataFolder(folder), ...ports.map(judgePort)];
  findings.push(...judgeStarts(starts));

  findings.push(...bus.findings);
  if (bus.facts === null) findings.push(...(await programOf('nats', known.nats.expected)));
  else
    findings.push(...judgeBus(bus.facts, { now, engine, url: known.nats.url }), ...judgeDeadLetters(bus.dead_letters));
  if (bus.parts !== null) {
    const { engines, collector } = bus.parts;
    findings.push(
      ...judgeEngine({
        heard: engines,
        listened_ms: LISTEN_MS,
        expected: running || collector !== null,
        ours: running,
        snapshot_at,
        snapshot_interval_ms: config['snapshot-interval'],
        now,
      }),
      ...judgeCollector({
        heard: collector,
        listened_ms: LISTEN_MS,
        expected: running,
      }),
      ...judgeFrames(bus.parts.frames_refused, LISTEN_MS),
      ...judgeAlerts({
        heard: bus.parts.alerts,
        listened_ms: LISTEN_MS,
        engine_since: Math.min(...engines.map(({ last }) => last.started_at)),
        now,
      }),
    );
  }
  if (bus.keys !== null) findings.push(...judgeKeys(bus.keys, now));
  if (bus.model !== null) findings.push(judgeModels(bus.model, now));
  findings.push(...database.findings);
  if (database.facts === null) findings.push(...(await programOf('questdb', known.questdb.expected)));
  else findings.push(...judgeDatabase(database.facts, { now, engine, url: known.questdb.http }));
  findings.push(...(await lookAtFaces(known, clock)));
  findings.push(
    ...judgeClocks({
      nats_ahead_ms: bus.facts?.ahead_ms ?? null,
      questdb_ahead_ms: database.facts?.ahead_ms ?? null,
      newest_at: database.facts?.tables.find(({ name }) => name === 'gpu_metrics')?.newest_at ?? null,
      now,
      interval_ms: config.interval,
      future_max_ms: config['future-max'],
      engine,
    }),
  );
  return findings;

  /** A service that is not there and was not asked for by its address: can it be started? */
  async function programOf(service: 'nats' | 'questdb', expected: boolean): Promise<Finding[]> {
    return expected ? [] : [judgeProgram(await lookForProgram(service, env, config.cache))];
  }
}

interface BusLook {
  readonly facts: BusFacts | null;
  readonly parts: HeardParts | null;
  readonly dead_letters: Parameters<typeof judgeDeadLetters>[0];
  /** Null when they could not be read. */
  readonly keys: readonly KeyFacts[] | null;
  readonly model: ModelFacts | null;
  readonly findings: readonly Finding[];
}

async function lookAtBus({ nats }: KnownAddresses, { clock }: ExamineOptions): Promise<BusLook> {
  const none = { by_reason: new Map<string, number>(), limit: DEAD_LETTERS_MAX };
  const away = (error: unknown): BusLook => ({
    facts: null,
    parts: null,
    dead_letters: none,
    keys: null,
    model: null,
    findings: [awayFinding('nats', nats.expected, error)],
  });
  try {
    const { url, expected } = nats;
    // What nobody said is there may be absent: not worth the time of a patient connection.
    if (!expected && !(await answersNats(url)))
      return away(new VitalsError('GV-BUS-001', 'nothing answers', shownAddress(url)));
    const bus = await connectBus({ servers: url, name: 'gpu-vitals doctor', clock, connect_timeout_ms: CONNECT_MS });
    try {
      const [facts, parts, by_reason, keys, model] = await Promise.all([
        inspectBus(bus, clock),
        hearParts(bus, LISTEN_MS),
        countInvalid(bus, clock.now() - hours(1), DEAD_LETTERS_MAX).catch(() => none.by_reason),
        lookAtKeys(bus).catch(() => null),
        lookAtModels(bus).catch(() => null),
      ]);
      return { facts, parts, dead_letters: { ...none, by_reason }, keys, model, findings: [] };
    } finally {
      await bus.close();
    }
  } catch (error) {
    return away(error);
  }
}

async function answersNats(url: string): Promise<boolean> {
  const { host, port } = addressOf(url, ['nats', 'tls'], PREFERRED_PORTS.nats, '--nats');
  return (await probeNats(host, port, PROBE_MS)) !== null;
}

async function lookAtDatabase(
  { questdb }: KnownAddresses,
  { clock }: ExamineOptions,
): Promise<{ readonly facts: DatabaseFacts | null; readonly findings: readonly Finding[] }> {
  const { http, pg, expected } = questdb;
  try {
    if ((await probeQuestdb(http, CONNECT_MS)) === null)
      throw new VitalsError('GV-SNK-001', 'nothing answers', shownAddress(http));
    const database = connectDatabase({ url: pg, ...DATABASE });
    try {
      return { facts: await inspectDatabase(database, clock), findings: [] };
    } finally {
      await database.close();
    }
  } catch (error) {
    return { facts: null, findings: [awayFinding('questdb', expected, error)] };
  }
}

function awayFinding(part: 'nats' | 'questdb', expected: boolean, error: unknown): Finding {
  const told = error instanceof VitalsError ? error : new VitalsError('GV-CLI-004', String(error), '');
  const what = [told.message, told.where].filter((text) => text !== '').join(', ');
  const code = part === 'nats' ? 'GV-BUS-001' : 'GV-SNK-001';
  return expected
    ? finding(part, 'answer', {
        state: 'fail',
        what,
        code,
        action: `Check that it runs at this address, and its log (${part}.log in the logs of the data folder).`,
      })
    : finding(part, 'answer', {
        state: 'warn',
        what: `does not run: ${what}`,
        action: 'Start everything with `gpu-vitals up`, or only this with `gpu-vitals services start`.',
      });
}

async function lookAtPorts({ running, nats, questdb }: KnownAddresses, config: Config): Promise<PortFacts[]> {
  const wanted: { name: PortFacts['name']; host: string; port: number; ours: boolean; replaceable: boolean }[] = [];
  for (const name of ['api', 'live'] as const) {
    const noted = running?.[name];
    const { host, port } = noted ? place(noted) : listenAddress(config[name]);
    wanted.push({ name, host, port, ours: noted !== undefined, replaceable: false });
  }
  const own = { host: '127.0.0.1', replaceable: true };
  const services = [
    { name: 'nats', port: PREFERRED_PORTS.nats, url: nats.url, expected: nats.expected },
    { name: 'questdb', port: PREFERRED_PORTS.questdb_http, url: questdb.http, expected: questdb.expected },
    { name: 'questdb-pg', port: PREFERRED_PORTS.questdb_pg, url: questdb.pg, expected: questdb.expected },
  ] as const;
  for (const { name, port, url, expected } of services) {
    if (expected) wanted.push({ name, ...place(url), ours: true, replaceable: true });
    else wanted.push({ name, port, ours: false, ...own });
  }
  return Promise.all(
    wanted.map(async ({ ours, ...rest }): Promise<PortFacts> => {
      const taken = rest.port !== 0 && (await probeTcp(rest.host, rest.port, PROBE_MS));
      return { ...rest, holder: taken ? (ours ? 'ours' : 'other') : 'nobody' };
    }),
  );
}

function place(url: string): { host: string; port: number } {
  const schemes = ['nats', 'tls', 'http', 'https', 'postgres', 'postgresql', 'ws', 'wss'];
  return addressOf(url.split(',')[0] ?? url, schemes, 0, shownAddress(url, { certain: true }));
}

async function lookAtFaces({ running }: KnownAddresses, clock: Clock): Promise<Finding[]> {
  if (running === null) return [];
  const monotonic = (): number => clock.monotonic();
  const [api, live] = await Promise.all([lookAtApi(running.api, monotonic), lookAtLive(running.live, monotonic)]);
  return [...judgeApi(api), ...judgeCertificate(api, clock.now()), judgeLive(live)];
}
