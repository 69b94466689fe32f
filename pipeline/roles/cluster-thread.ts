import { parentPort, workerData } from 'node:worker_threads';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { cutSockets } from '../../sinks/questdb/cut-sockets.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { pickedLog } from '../bus/picked-log.ts';
import { reconnect } from '../bus/reconnect.ts';
import { UnitFence } from '../bus/unit-fence.ts';
import { systemClock } from '../clock.ts';
import { FLEET_UNIT, unitName } from '../cluster/assign-units.ts';
import { openClusterKeys, openClusterObjects } from '../cluster/cluster-keys.ts';
import { type ClusterWorker, startClusterWorker } from '../cluster/cluster-worker.ts';
import { guardedBus } from '../cluster/guarded-bus.ts';
import { answerKnown, askKnown } from '../cluster/known-boards.ts';
import { NOT_HEARD } from '../cluster/lost-unit.ts';
import { rehearse } from '../cluster/rehearse.ts';
import { reportWorker } from '../cluster/report-worker.ts';
import { type LeaseCells, sharedLease } from '../cluster/shared-lease.ts';
import type { Alert } from '../contract/alerts.ts';
import { VitalsError } from '../contract/errors.ts';
import type { Sink } from '../contract/ports.ts';
import { seconds } from '../contract/time.ts';
import { followInventory } from '../inventory-follower.ts';
import { errorText } from '../shards/shard-messages.ts';
import { splitTopology } from '../shards/split-topology.ts';
import { insightOptions } from '../telemetry/insight-options.ts';
import { threadInsight } from '../telemetry/thread-insight.ts';
import { ENRICH_STEP, type SinkItems } from '../topology.ts';
import { writeInventory } from '../write-inventory.ts';
import { startDatabaseCare } from './database-care.ts';
import { engineSinks, openSinks, unitAlerts } from './engine-sinks.ts';
import { type EngineTime, futureMax, topologyMaker } from './engine-topology.ts';
import { tracingOf } from './engine-tracing.ts';
import { failureModels } from './failure-models.ts';

/** workerData of this thread. */
export interface ClusterThreadData extends EngineTime {
  readonly nats_url: string;
  readonly questdb_http: string;
  readonly questdb_pg: string;
  readonly worker: string;
  /** Of this life of the worker, and its lease, told by whoever renews it. */
  readonly incarnation: string;
  readonly lease: LeaseCells;
}

const LOOK_MS = 250;
const SILENCE_MIN_MS = 1_500;
const DATABASE = { pool_size: 2, statement_timeout: seconds(120), connect_timeout: seconds(5) };

/**
 * Entry of the thread in which a worker of a cluster lives. While its groups may be in other hands the thread stands still;
 * when they are, it ends at once, as if killed: nothing of it is flushed, sent again or finished. Whoever started it starts
 * another one.
 */
if (parentPort) {
  const parent = parentPort;
  try {
    await run(workerData as ClusterThreadData, parent);
  } catch (error) {
    parent.postMessage({ error: errorText(error) });
    parent.close();
  }
}

async function run(data: ClusterThreadData, parent: NonNullable<typeof parentPort>): Promise<void> {
  const { config, worker } = data;
  const clock = systemClock;
  const say = (line: string): void => parent.postMessage({ kind: 'say', line });
  const tell = (error: VitalsError): void => parent.postMessage({ kind: 'tell', why: errorText(error) });
  const stream_replicas = config['stream-replicas'];
  const bus = await connectBus({
    servers: data.nats_url,
    name: `gpu-vitals worker ${worker}`,
    clock,
    stream_replicas,
  });
  const insight = await threadInsight({
    part: 'engine',
    insight: insightOptions(config),
    bus,
    worker,
  });
  const tracing = tracingOf(insight.spans, worker, clock);
  const inventory = await followInventory({ bus, clock, tell });
  const models = await failureModels({ config, bus, clock, say, tell });
  const topology = await topologyMaker(data, inventory.book, models.book);

  const rows = cutSockets();
  const lease = sharedLease({
    cells: data.lease,
    on_lapse: rows.cut,
    on_back(ms) {
      say(`cluster: ${worker} stood still for ${ms.toFixed(0)} ms: its lease could not be renewed in time`);
      // As likely as not it is the server that we are connected to.
      void reconnect(bus);
    },
  });
  let going = false;
  const onLost = (why: string): never => {
    tell(new VitalsError('GV-CLU-001', `${worker}: ${why}`, 'cluster'));
    process.exit(0);
  };
  const before_send = (): void => {
    // Before it goes nothing is anybody's, and whoever is to say so waits for this thread.
    if (going && !lease.held()) onLost(NOT_HEARD);
  };
  const guarded = guardedBus(bus, before_send);
  const { questdb_http } = data;
  const writing = { config, bus: guarded, questdb_http, worker, clock, tracing, say, tell, before_send };
  const { makers, letters } = engineSinks({ ...writing, onSocket: rows.add });
  const fence = new UnitFence(guarded);
  const alerts = unitAlerts(writing, fence);
  const alertsOf = (unit: number): Sink<Alert> => alerts.ofUnit(unitName(unit));
  const halves = splitTopology(topology());
  const silence_max_ms = Math.max(SILENCE_MIN_MS, config['cluster-lease']);
  const log = pickedLog(guarded, silence_max_ms);
  const own = openSinks({ ...makers, alerts: () => alertsOf(FLEET_UNIT) }, halves.groups);
  const [keys, objects] = await Promise.all([openClusterKeys(bus), openClusterObjects(bus)]);
  const gone = new Promise<void>((resolve) => {
    parent.on('message', (message: unknown) => {
      if (message === 'go') resolve();
    });
  });
  rehearse(splitTopology(topology()).groups, clock);
  parent.postMessage({ ready: true });
  await gone;
  going = true;
  const mine: ClusterWorker = await startClusterWorker<SinkItems>({
    bus: guarded,
    log,
    keys,
    objects,
    worker,
    incarnation: data.incarnation,
    own: lease,
    silence_max_ms,
    lease: config['cluster-lease'],
    topology,
    sinks: own,
    groupSinks: (group) => ({ ...own, alerts: alertsOf(group) }),
    fleetSinks: () => openSinks({ ...makers, alerts: () => alertsOf(FLEET_UNIT) }, halves.fleet),
    async beforeUnit(unit, epoch) {
      const ours = await fence.raise(unitName(unit), epoch);
      alerts.readAgain();
      letters.readAgain();
      return ours;
    },
    onSilence: () => void reconnect(bus),
    future_max: futureMax(data),
    snapshot_interval: config['snapshot-interval'],
    clock,
    say,
    tell,
    onLost,
  });
  mine.failed.catch((error: unknown) => {
    parent.postMessage({ kind: 'failed', why: errorText(error) });
    process.exit(0);
  });
  const answering = answerKnown({ bus, worker, step: ENRICH_STEP, groups: () => mine.groups });
  const reports = reportWorker({ bus, worker, running: mine, topology: topology(), clock });

  /** What one of all workers does: the one that has the fleet. */
  let fleets: { stop(): Promise<void> } | null = null;
  const look = (): void => {
    if ((mine.fleet !== null) === (fleets !== null)) return;
    if (fleets !== null) {
      void fleets.stop();
      fleets = null;
      return;
    }
    const database = connectDatabase({ url: data.questdb_pg, ...DATABASE });
    const care = startDatabaseCare({ database, config, clock, say, tell });
    const sink = makers.gpu_assets();
    const ending = new AbortController();
    const writer = writeInventory({
      follower: inventory,
      known: (assets) => askKnown(bus, () => mine.members(), assets, ending.signal),
      sink,
      caughtUp: () => reports.caught_up,
      owners: () => mine.members().join(' '),
    });
    fleets = {
      async stop() {
        ending.abort();
        await writer.stop();
        await sink.close().catch(() => undefined);
        await care.stop();
        await database.close();
      },
    };
  };
  const looking = setInterval(look, LOOK_MS);

  parent.on('message', (message: unknown) => {
    if (message !== 'stop') return;
    const stop = async (): Promise<void> => {
      clearInterval(looking);
      // What the database still does for us keeps nobody's groups waiting.
      const left = fleets?.stop();
      await mine.stop();
      await left;
      answering.unsubscribe();
      reports.stop();
      await Promise.all(Object.values(own).map((sink) => sink?.close()));
      await alerts.close();
      await fence.close();
      await log.close();
      await inventory.stop();
      await models.stop();
      await insight.stop();
      await bus.close();
    };
    void stop().finally(() => process.exit(0));
  });
}
