import { randomUUID } from 'node:crypto';
import { GroupStates } from '../../operators/core/group-state.ts';
import { loadPriceBook } from '../../operators/decisions/price-book.ts';
import { DEFAULT_ANALYSIS } from '../analysis.ts';
import { Assets } from '../asset-book.ts';
import { connectBus } from '../bus/connect-bus.ts';
import type { KeyValue } from '../bus/key-value.ts';
import type { ObjectStore } from '../bus/object-store.ts';
import { pickedLog } from '../bus/picked-log.ts';
import { until } from '../cli/cli.fixture.ts';
import { settableClock, systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { VitalsError } from '../contract/errors.ts';
import { NO_MODELS } from '../contract/failure-model.ts';
import { milliseconds, minutes } from '../contract/time.ts';
import type { Topology } from '../define-topology.ts';
import { Tables } from '../resume.fixture.ts';
import { runInOneThread } from '../running-topology.ts';
import { SnapshotFiles } from '../snapshot-files.ts';
import { fleetVitals, type SinkItems } from '../topology.ts';
import { openClusterKeys, openClusterObjects } from './cluster-keys.ts';
import { type ClusterWorker, startClusterWorker } from './cluster-worker.ts';
import { OwnLease } from './own-lease.ts';

export const FUTURE_MAX = minutes(5);
/** All workers of a test share one thread. */
const LEASE = milliseconds(4_000);
const prices = loadPriceBook(null);

export const wholeTopology = (): Topology =>
  fleetVitals({ ...DEFAULT_ANALYSIS, future_max: FUTURE_MAX, assets: new Assets(), models: NO_MODELS, prices });

export interface TestWorker {
  readonly name: string;
  readonly worker: ClusterWorker;
  /** Why it has let go of everything; empty while it has not. */
  readonly lost: () => string;
  readonly said: readonly string[];
  readonly errors: readonly string[];
  /** As a kill: nothing of it reaches anybody any more. */
  kill(): Promise<void>;
  /** From here on the cluster's keys cannot be reached, everything else can. */
  cutOff(): void;
  stop(): Promise<void>;
}

/** A worker in this process, with connections of its own, that writes to tables in memory. */
export async function startTestWorker(
  name: string,
  options: {
    readonly nats_url: string;
    readonly durable: Map<string, string>;
    /** As a release before does it: what workers share, in its spelling. */
    readonly spelling?: {
      readonly keys: (keys: KeyValue) => KeyValue;
      readonly objects: (objects: ObjectStore) => ObjectStore;
    };
    /** So many readings of all keys get no answer. */
    readonly unanswered?: number;
  },
): Promise<TestWorker> {
  const { spelling } = options;
  let unanswered = options.unanswered ?? 0;
  const clock = systemClock;
  const bus = await connectBus({ servers: options.nats_url, name, clock });
  const [all, ofFleet] = [new Tables(options.durable), new Tables(options.durable)];
  const log = pickedLog(bus, 1_500);
  const keys = spelled(await openClusterKeys(bus), spelling?.keys);
  let reachable = true;
  let lost = '';
  const said: string[] = [];
  const errors: string[] = [];
  const die = (why: string): void => {
    lost = why;
    all.kill();
    ofFleet.kill();
  };
  const incarnation = randomUUID();
  const guarded: KeyValue = {
    ...keys,
    matching: (pattern) => (unanswered-- > 0 ? new Promise(() => undefined) : keys.matching(pattern)),
    exchange(key, value, after) {
      if (!reachable) return Promise.reject(new VitalsError('GV-BUS-001', 'cut off', ''));
      return keys.exchange(key, value, after);
    },
  };
  const own = new OwnLease({ keys: guarded, worker: name, incarnation, lease: LEASE, clock });
  await until('it is there', () => own.join());
  const beating = setInterval(() => void own.renew().catch(() => undefined), own.every);
  const worker = await startClusterWorker<SinkItems>({
    bus,
    log,
    own,
    silence_max_ms: 1_500,
    keys: guarded,
    objects: spelled(await openClusterObjects(bus), spelling?.objects),
    worker: name,
    incarnation,
    lease: LEASE,
    topology: wholeTopology,
    sinks: all.sinks,
    fleetSinks: () => ofFleet.sinks,
    future_max: FUTURE_MAX,
    snapshot_interval: milliseconds(400),
    clock,
    say: (line) => said.push(line),
    tell: (error) => errors.push(error.message),
    onLost: die,
    onSilence: () => said.push('nothing is heard'),
  });
  worker.failed.catch((error: unknown) => errors.push(String(error)));
  return {
    name,
    worker,
    said,
    errors,
    lost: () => lost,
    async kill() {
      die('killed');
      reachable = false;
      await bus.close();
    },
    cutOff() {
      reachable = false;
    },
    async stop() {
      clearInterval(beating);
      await own.leave();
      const goingOn = setInterval(() => void own.renew().catch(() => undefined), own.every);
      await worker.stop();
      clearInterval(goingOn);
      await own.end();
      await log.close();
      await bus.close();
    },
  };
}

const spelled = <T>(store: T, by: ((store: T) => T) | undefined): T => (by === undefined ? store : by(store));

/** What one process makes of what is stored in DCGM_RAW. */
export async function wholeRun(bus: Bus): Promise<Tables> {
  const tables = new Tables();
  const one = runInOneThread<SinkItems>({
    topology: wholeTopology(),
    states: new GroupStates(),
    sinks: tables.sinks,
    files: new SnapshotFiles('nowhere', () => undefined),
    clock: settableClock(0),
  });
  const { last_position } = await bus.streamState('DCGM_RAW');
  for await (const messages of bus.read({ stream: 'DCGM_RAW', from: 1 }, new AbortController().signal)) {
    one.push(messages);
    if ((messages.at(-1)?.position ?? 0) >= last_position) break;
  }
  await one.close();
  return tables;
}
