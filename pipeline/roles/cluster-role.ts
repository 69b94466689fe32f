import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { featureDefinitionRows } from '../../operators/features/feature-row.ts';
import { connectDatabase } from '../../sinks/questdb/connect-database.ts';
import { databaseAnswers } from '../../sinks/questdb/database-answers.ts';
import { prepareDatabase } from '../../sinks/questdb/prepare-database.ts';
import { tableSink } from '../../sinks/questdb/table-sink.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { ensurePickedStream } from '../bus/picked-log.ts';
import { reconnect } from '../bus/reconnect.ts';
import { type Clock, sharedMonotonic } from '../clock.ts';
import { openClusterKeys } from '../cluster/cluster-keys.ts';
import { DatabaseReach } from '../cluster/database-reach.ts';
import { OwnLease } from '../cluster/own-lease.ts';
import { type LeaseCells, leaseCells, tellLease, tellLost } from '../cluster/shared-lease.ts';
import { VitalsError } from '../contract/errors.ts';
import { seconds } from '../contract/time.ts';
import { FEATURE_DEFINITIONS } from '../contract/verdict-tables.ts';
import { importAssets } from '../inventory.ts';
import { type ErrorText, errorOf } from '../shards/shard-messages.ts';
import { startAlertDesk } from './alert-desk-role.ts';
import type { ClusterThreadData } from './cluster-thread.ts';
import type { EngineRoleOptions } from './engine-role.ts';
import { engineSinks, SMALL_TABLES } from './engine-sinks.ts';
import { type RunningThread, startThread } from './thread.ts';

const MIB = 1_048_576;
const DATABASE = { pool_size: 4, statement_timeout: seconds(120), connect_timeout: seconds(5) };
const AGAIN_MS = 500;
const JOIN_MS = 100;
const SAME_NAME_MS = 3_000;
/** Longer than handing over may take, shorter than what ends processes waits (30 s). */
const STOP_GRACE_MS = 25_000;
const LOST_GRACE_MS = 1_000;
const LOOK_MS = 1_000;
const ANSWER_MAX = seconds(3);

interface Life {
  readonly own: OwnLease;
  readonly thread: RunningThread<true>;
  /** Ends the thread as if killed. */
  readonly lose: () => void;
  readonly over: () => void;
}

type Told =
  | { readonly kind: 'say'; readonly line: string }
  | { readonly kind: 'tell'; readonly why: ErrorText }
  | { readonly kind: 'failed'; readonly why: ErrorText };

export interface ClusterRole {
  /** Rejects when an invariant broke. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/**
 * One worker of a cluster: streams and tables here, the work in a thread, which is started anew whenever it had to let go of
 * everything; and the alert desk, one of which is active among all workers.
 */
export async function startClusterRole(options: EngineRoleOptions): Promise<ClusterRole> {
  const { config, bus, clock, worker, say, tell } = options;
  if (config['engine-threads'] !== 1) {
    throw new VitalsError('GV-CFG-001', 'a worker of a cluster has one thread: start more workers', 'engine-threads');
  }
  const age_max = config['stream-age-max'];
  await ensureStreams(bus, {
    raw: { age_max, size_max: config['stream-size-max'] * MIB },
    invalid: { age_max: config['dead-letters-age-max'] },
  });
  await ensurePickedStream(bus, age_max);
  const database = connectDatabase({ url: options.questdb_pg, ...DATABASE });
  await prepareDatabase(database, { onStep: (step) => say(`questdb: ${step}`) });
  if (options.assets.length > 0) {
    const { added, changed, unchanged } = await importAssets({ bus, database }, options.assets, clock.now());
    say(`inventory: ${added} assets new, ${changed} changed, ${unchanged} as before`);
  }
  const { delivery, makers } = engineSinks(options);
  const definitions = tableSink<object>(FEATURE_DEFINITIONS, { ...delivery, ...SMALL_TABLES });
  for (const row of featureDefinitionRows()) definitions.write(row);
  await definitions.close();

  let fail: (error: VitalsError) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const keys = await openClusterKeys(bus);
  const { nats_url, questdb_http, questdb_pg, wall_time } = options;
  const given = { config, nats_url, questdb_http, questdb_pg, worker, wall_time };
  const shared: Clock = { now: () => clock.now(), monotonic: sharedMonotonic };
  let life: Life | null = null;
  let stopping = false;
  const reach = new DatabaseReach({
    ask: () => databaseAnswers(questdb_http, ANSWER_MAX),
    keys,
    worker,
    clock: shared,
  });
  const ending = new AbortController();
  const untilNext = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal: ending.signal }).catch(() => undefined);

  /** Lets go of everything that others can do, and of nothing that they cannot. */
  async function watchDatabase(): Promise<void> {
    for (let cut_off = false; !stopping; await untilNext(LOOK_MS)) {
      await reach.look();
      if (reach.cut_off) life?.lose();
      if (reach.cut_off === cut_off) continue;
      cut_off = reach.cut_off;
      if (!cut_off) say(`cluster: ${worker} takes part again`);
      else tell(new VitalsError('GV-CLU-004', `${worker}: no answer for a while, others have one`, 'questdb'));
    }
  }

  /** Says that it is there until the thread has ended, which it does when that is not heard. */
  async function live(): Promise<void> {
    const incarnation = randomUUID();
    const lease = config['cluster-lease'];
    const reached = (): boolean | null => reach.reached;
    const own = new OwnLease({ keys, worker, incarnation, lease, clock: shared, reached });
    const cells = leaseCells();
    let saidWhy = false;
    let over: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      over = resolve;
    });
    // First everything is made ready: from the moment at which others hear of us they hand their groups over.
    const thread = await startThread<true>({
      file: new URL('./cluster-thread.js', import.meta.url),
      name: 'engine',
      data: { ...given, incarnation, lease: cells } satisfies ClusterThreadData,
      onExit: () => over(),
      onMessage(message) {
        const told = message as Told;
        if (told.kind === 'say') say(told.line);
        else if (told.kind === 'tell') {
          const error = errorOf(told.why);
          const ends = error.code === 'GV-CLU-001';
          saidWhy ||= ends;
          // Why is told already.
          if (!ends || !reach.cut_off) tell(error);
        } else fail(errorOf(told.why));
      },
    });
    const lose = (): void => {
      tellLost(cells);
      setTimeout(() => void thread.kill().then(over), LOST_GRACE_MS).unref();
    };
    life = { own, thread, lose, over };
    if (!(await joined(own))) {
      life = null;
      await thread.kill();
      return;
    }
    const beating = keepAlive(own, cells, lose);
    thread.post('go');
    await ended;
    clearInterval(beating);
    life = null;
    // A thread that ends at once, as it must, may not have been heard.
    if (!stopping && !saidWhy && !reach.cut_off)
      tell(new VitalsError('GV-CLU-001', `${worker}: others have its groups`, 'cluster'));
    await own.end().catch(() => undefined);
  }

  /** Renews a lease, and tells the thread of it; `onLost` when others have taken it. */
  function keepAlive(own: OwnLease, cells: LeaseCells, onLost: () => void): NodeJS.Timeout {
    let renewing = false;
    let answered_at = shared.monotonic();
    const note = (): void => tellLease(cells, { until: own.until, steady_ms: own.steady_ms() });
    note();
    const beating = setInterval(() => {
      if (shared.monotonic() - answered_at > config['cluster-lease']) {
        answered_at = shared.monotonic();
        // A server that is cut off from us or from the others looks connected for half a minute.
        void reconnect(bus);
      }
      if (renewing) return;
      renewing = true;
      own
        .renew()
        .then(
          (ours) => {
            answered_at = shared.monotonic();
            if (ours) return;
            clearInterval(beating);
            onLost();
          },
          // The bus is away: the thread stands still when the lease is over.
          () => undefined,
        )
        .finally(() => {
          renewing = false;
          note();
        });
    }, own.every);
    return beating;
  }

  async function joined(own: OwnLease): Promise<boolean> {
    const waits_from = shared.monotonic();
    let told = false;
    while (!stopping) {
      const answered = await own.join().catch(() => null);
      if (answered === true) return true;
      if (answered === null) await reconnect(bus);
      if (!told && shared.monotonic() - waits_from > SAME_NAME_MS + config['cluster-lease']) {
        told = true;
        tell(new VitalsError('GV-CLU-002', `a worker ${worker} is there already`, 'cluster'));
      }
      await sleep(JOIN_MS);
    }
    return false;
  }

  const lives = (async () => {
    while (!stopping) {
      await live().catch((error: unknown) => {
        tell(error instanceof VitalsError ? error : new VitalsError('GV-CLI-004', String(error), worker));
      });
      do await untilNext(AGAIN_MS);
      while (reach.cut_off && !stopping);
    }
  })();
  const watching = watchDatabase();
  const alerts = await startAlertDesk({
    ...options,
    database,
    delivery,
    deadLetters: makers.dead_letters(),
    simulated: options.simulated ?? false,
    cut_off: () => reach.cut_off,
  });
  return {
    failed,
    async stop() {
      stopping = true;
      ending.abort();
      if (life !== null) {
        const { own, thread, lose, over } = life;
        // Whoever cannot be heard has nobody to hand over to.
        const left = own.held() && (await own.leave().catch(() => false));
        if (!left) lose();
        await thread.stop(STOP_GRACE_MS);
        over();
      }
      await Promise.all([lives, watching]);
      await alerts.stop();
      await database.close();
    },
  };
}
