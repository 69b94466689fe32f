import { type CliRun, startCli, until } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { GROUPS } from '../contract/ids.ts';
import type { TopologyReport } from '../engine.ts';
import type { Databases } from '../kill-resume.fixture.ts';

export interface WorkerProcess extends CliRun {
  readonly name: string;
}

/** A worker of a cluster as a process of its own, which snapshots and flushes much more often than usual. */
export function startWorkerProcess(options: {
  readonly name: string;
  readonly data: string;
  readonly nats_url: string;
  readonly questdb: Databases;
  readonly more?: readonly string[];
  /** As for `startCli`. */
  readonly within?: readonly string[];
  readonly main?: string;
}): WorkerProcess {
  const { name, data, nats_url, questdb, more = [], within = [], main } = options;
  const args = [
    ...['engine', '--cluster', 'true', '--worker-name', name, '--nats', nats_url, '--data', `${data}/${name}`],
    ...['--questdb', questdb.questdb_http_url, '--questdb-pg', questdb.questdb_pg_url],
    ...['--snapshot-interval', '1s', '--flush-interval', '20ms', ...more],
  ];
  return { ...startCli(args, { within, ...(main === undefined ? {} : { main }) }), name };
}

export interface WorkerReports {
  /** The last report of each that told one since. */
  last(name: string): TopologyReport | undefined;
  /** Waits until these and no others have all groups and the fleet, in equal shares; resolves with the time that took, ms. */
  settled(workers: readonly WorkerProcess[], limit_ms?: number): Promise<number>;
  /** Waits until everything stored has gone through, and no group of whoever reports reads anything again. */
  caughtUp(limit_ms?: number): Promise<void>;
  stop(): void;
}

/** Listens to what workers tell of themselves. */
export function workerReports(bus: Bus): WorkerReports {
  const heard = new Map<string, { report: TopologyReport; at: number }>();
  const subscription = bus.subscribe('vitals.topology.*', ({ data }) => {
    const report = JSON.parse(Buffer.from(data).toString()) as TopologyReport;
    heard.set(report.worker, { report, at: systemClock.monotonic() });
  });
  const last = (name: string): TopologyReport | undefined => heard.get(name)?.report;
  return {
    last,
    async settled(workers, limit_ms = 60_000) {
      const began = systemClock.monotonic();
      const what = `${workers.map(({ name }) => name)} have all groups`;
      await until(
        what,
        () => {
          const reports = workers.map(({ name }) => heard.get(name)).filter((one) => one !== undefined);
          // Two reports tell of the same time.
          if (reports.length < workers.length || reports.some(({ at }) => at < began)) return false;
          const owned = reports.flatMap(({ report }) => report.groups ?? []);
          const shares = reports.map(({ report }) => report.groups?.length ?? 0);
          const fleets = reports.filter(({ report }) => report.has_fleet).length;
          const even = Math.max(...shares) - Math.min(...shares) <= 1;
          return owned.length === GROUPS && new Set(owned).size === GROUPS && fleets === 1 && even;
        },
        limit_ms,
      ).catch((error: Error) => {
        const told = [...heard.values()].map(
          ({ report }) => `${report.worker}: ${report.groups?.length} ${report.has_fleet} ${report.workers}`,
        );
        throw new Error(
          `${error.message}\n${told.join('\n')}\n${workers.map((one) => `${one.name}\n${one.stderr()}`).join('\n')}`,
        );
      });
      return systemClock.monotonic() - began;
    },
    async caughtUp(limit_ms = 60_000) {
      const began = systemClock.monotonic();
      const { last_position } = await bus.streamState('DCGM_RAW');
      const through = (): boolean => {
        const reports = [...heard.values()].filter(({ at }) => at > began).map(({ report }) => report);
        const groups = reports.flatMap((report) => report.groups ?? []);
        const behind = reports.some(({ replaying = 0 }) => replaying > 0);
        const fleet = reports.some((report) => report.has_fleet && report.position >= last_position);
        return fleet && new Set(groups).size === GROUPS && !behind;
      };
      await until(`position ${last_position}`, through, limit_ms);
    },
    stop: () => subscription.unsubscribe(),
  };
}
