import { setTimeout as sleep } from 'node:timers/promises';

/** Time between two samples: a profile of 10 s is about 1 MB. */
const SAMPLING_INTERVAL_US = 1_000;

/** A CPU profile of the calling thread, as the JSON of a .cpuprofile file, in pieces. Costs the thread a few percent meanwhile. */
export async function* takeCpuProfile(seconds: number): AsyncGenerator<Buffer> {
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
    await session.post('Profiler.start');
    await sleep(seconds * 1_000);
    const { profile } = await session.post('Profiler.stop');
    yield Buffer.from(JSON.stringify(profile));
  } finally {
    session.disconnect();
  }
}

/** The heap of the calling thread, as the text of a .heapsnapshot file. The thread stands still for about a second per 100 MB. */
export async function* takeHeapSnapshot(): AsyncGenerator<Buffer> {
  const { getHeapSnapshot } = await import('node:v8');
  for await (const chunk of getHeapSnapshot()) yield Buffer.from(chunk as Uint8Array);
}
