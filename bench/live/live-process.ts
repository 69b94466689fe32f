import { connectBus } from '../../pipeline/bus/connect-bus.ts';
import { systemClock } from '../../pipeline/clock.ts';
import { startLive } from '../../server/start-live.ts';
import { answerCalls } from './child-calls.ts';
import { runQueueMs } from './run-queue.ts';

/** Process: the live server, so that its CPU and memory are its own. */
let cpu = process.cpuUsage();
let waited = runQueueMs();
let since = systemClock.monotonic();

answerCalls({
  async start({ nats_url }: { nats_url: string }) {
    const bus = await connectBus({ servers: nats_url, name: 'bench live', clock: systemClock });
    const live = await startLive({ bus, database: null, clock: systemClock, host: '127.0.0.1', port: 0 });
    return { url: live.url, library: live.library };
  },
  /** Since the last time it was asked. */
  figures() {
    const now = systemClock.monotonic();
    const { user, system } = process.cpuUsage(cpu);
    const cpu_share = (user + system) / 1_000 / (now - since);
    const waited_share = (runQueueMs() - waited) / (now - since);
    cpu = process.cpuUsage();
    waited = runQueueMs();
    since = now;
    return { cpu_share, waited_share, rss_bytes: process.memoryUsage.rss() };
  },
});
