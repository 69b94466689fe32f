import { workerData } from 'node:worker_threads';
import { systemClock } from '../pipeline/clock.ts';
import { assetDesk, assetLogOf } from './asset-desk.ts';
import { readSideConnections } from './read-side-connections.ts';
import { runAsThread, type ThreadConnections } from './run-as-thread.ts';
import { openGate } from './security/open-gate.ts';
import { startLive } from './start-live.ts';

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
    const gate = await openGate({ bus, clock: systemClock, host: data.host, oidc: data.oidc ?? null });
    const live = await startLive({
      ...data,
      bus,
      database,
      gate,
      clock: systemClock,
      followAssets: () => assetDesk({ log: assetLogOf(bus), database, clock: systemClock, now: systemClock.now }),
    });
    return {
      url: live.url,
      async close() {
        await live.close();
        await gate.stop();
        await connections.close();
      },
    };
  } catch (error) {
    await connections.close();
    throw error;
  }
});
