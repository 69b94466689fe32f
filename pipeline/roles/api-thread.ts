import { parentPort, workerData } from 'node:worker_threads';
import { heuristic } from '../../operators/prediction/heuristic.ts';
import { readSideConnections } from '../../server/read-side-connections.ts';
import { runAsThread, type ThreadConnections } from '../../server/run-as-thread.ts';
import { startApi } from '../../server/start-api.ts';
import { systemClock } from '../clock.ts';
import { predictFeatures, predictStored } from '../predict-stored.ts';
import { type SamplesToScore, scoreSamples } from '../score-samples.ts';
import { scoreStored } from '../score-stored.ts';

/** workerData of this thread; the message `{ live_url }` tells it later where the live server is. */
export interface ApiThreadData extends ThreadConnections {
  readonly live_url: string | null;
  readonly console_dir: string | null;
  readonly interval_ms: number;
  readonly version: string;
  /** Told to the console. */
  readonly simulated?: boolean;
}

const data = workerData as ApiThreadData;
let liveUrl = data.live_url;

await runAsThread(
  async () => {
    const connections = await readSideConnections({ ...data, name: 'gpu-vitals api' }, systemClock);
    try {
      const api = await startApi({
        ...data,
        bus: connections.bus,
        database: connections.database,
        clock: systemClock,
        live_url: () => liveUrl,
        scorer: {
          stored: (gpu_uuid, profile) => scoreStored(connections.database, systemClock, gpu_uuid, profile),
          samples: (input) => scoreSamples({ ...input, clock: systemClock } as SamplesToScore),
        },
        predictor: {
          stored: (gpu_uuid) => predictStored(connections.database, heuristic, gpu_uuid),
          features: (features, model) => predictFeatures(heuristic, features, model, systemClock.now()),
        },
        // The thread that owns the log writes it.
        onFailure: (error, where) =>
          parentPort?.postMessage({
            failure: error instanceof Error ? (error.stack ?? error.message) : String(error),
            where,
          }),
      });
      return {
        url: api.url,
        async close() {
          await api.close();
          await connections.close();
        },
      };
    } catch (error) {
      await connections.close();
      throw error;
    }
  },
  (message) => {
    const told = (message as { live_url?: unknown } | null)?.live_url;
    if (typeof told === 'string') liveUrl = told;
  },
);
