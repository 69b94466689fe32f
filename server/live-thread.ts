import { workerData } from 'node:worker_threads';
import { systemClock } from '../pipeline/clock.ts';
import { threadInsight } from '../pipeline/telemetry/thread-insight.ts';
import { assetDesk, assetLogOf } from './asset-desk.ts';
import { readSideConnections } from './read-side-connections.ts';
import { runAsThread, type ThreadConnections } from './run-as-thread.ts';
import { openGate } from './security/open-gate.ts';
import { startLive } from './start-live.ts';
import { refusalTeller } from './tell-refusals.ts';

/** workerData of this thread. */
export interface LiveThreadData extends ThreadConnections {
  readonly origins?: readonly string[];
  readonly library?: 'auto' | 'uws' | 'ws';
}

const data = workerData as LiveThreadData;

await runAsThread(async () => {
  const connections = await readSideConnections({ ...data, name: 'gpu-vitals live' }, systemClock);
  try {
    const { bus, database } = connections;
    const insight = await threadInsight({ part: 'live', insight: data.insight, bus });
    const { host, behind_proxy = false, oidc = null } = data;
    const gate = await openGate({ bus, clock: systemClock, host, behind_proxy, oidc });
    const live = await startLive({
      ...data,
      bus,
      database,
      gate,
      clock: systemClock,
      spans: insight.spans,
      onRefused: refusalTeller((fields, text) => insight.log.info(fields, text), systemClock),
      followAssets: () =>
        assetDesk({
          log: assetLogOf(bus),
          database,
          clock: systemClock,
          now: systemClock.now,
          tell: insight.tell,
        }),
    });
    insight.log.info({ url: live.url, library: live.library }, 'listens');
    return {
      url: live.url,
      async close() {
        await live.close();
        await gate.stop();
        insight.log.info('stopped');
        await insight.stop();
        await connections.close();
      },
    };
  } catch (error) {
    await connections.close();
    throw error;
  }
});
