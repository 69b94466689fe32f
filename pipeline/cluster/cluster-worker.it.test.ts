import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { connectBus } from '../bus/connect-bus.ts';
import { ensureStreams } from '../bus/ensure-streams.ts';
import { ensurePickedStream } from '../bus/picked-log.ts';
import { until } from '../cli/cli.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Bus, OutgoingMessage } from '../contract/bus.ts';
import { GROUPS } from '../contract/ids.ts';
import { hours } from '../contract/time.ts';
import { storedMessages } from '../kill-resume.fixture.ts';
import { differences, Tables } from '../resume.fixture.ts';
import { startTestWorker, type TestWorker, wholeRun } from './cluster.fixture.ts';

/** First words of the keys that `Tables` gives rows. Forecasts take more hours than these. */
const KINDS = [
  ...['alert', 'anomalies', 'assets', 'dead', 'decision', 'episode', 'features', 'health', 'incident'],
  ...['metrics', 'prediction', 'quantiles'],
];

let services: TestServices;
let bus: Bus;
const running: TestWorker[] = [];

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = await connectBus({ servers: services.nats_url, name: 'test', clock: systemClock });
  await ensureStreams(bus);
  await ensurePickedStream(bus, hours(24));
});
afterAll(async () => {
  await Promise.all(running.map((one) => one.stop().catch(() => undefined)));
  await bus?.close();
  await services?.stop();
});

const explain = (error: Error): never => {
  const lines = running.map(({ name, said, errors, lost, worker }) => [
    `${name}: ${worker.groups.length} groups, fleet ${worker.fleet?.position}, sees ${worker.members()}, ${lost()}`,
    ...said,
    ...errors,
  ]);
  throw new Error(`${error.message}\n${lines.flat().join('\n')}`);
};
const owned = (workers: readonly TestWorker[]): number =>
  workers.reduce((sum, { worker }) => sum + worker.groups.length, 0);

it('tells what one process tells, while workers come, go, die and are cut off', async () => {
  const messages = storedMessages();
  const durable = new Map<string, string>();
  const publisher = bus.publisher();
  const publish = async (part: readonly OutgoingMessage[]): Promise<void> => {
    await Promise.all(part.map((message) => publisher.publish(message)));
  };
  const start = async (name: string): Promise<TestWorker> => {
    const worker = await startTestWorker(name, { nats_url: services.nats_url, durable });
    running.push(worker);
    return worker;
  };
  const settled = async (workers: readonly TestWorker[], what: string): Promise<void> => {
    await until(
      `${what}: all units have one owner`,
      () => {
        const fleets = workers.filter(({ worker }) => worker.fleet !== null).length;
        const shares = workers.map(({ worker }) => worker.groups.length);
        return owned(workers) === GROUPS && fleets === 1 && Math.max(...shares) - Math.min(...shares) <= 1;
      },
      20_000,
    ).catch(explain);
  };
  const part = Math.ceil(messages.length / 6);
  const next = (step: number): Promise<void> => publish(messages.slice(step * part, (step + 1) * part));

  const a = await start('a');
  await settled([a], 'one');
  await next(0);
  const others = await Promise.all(['b', 'c', 'd'].map(start));
  const feeding = next(1);
  await settled([a, ...others], 'four');
  await feeding;
  const [b, c, d] = others as [TestWorker, TestWorker, TestWorker];

  const fed = next(2);
  await b.kill();
  await settled([a, c, d], 'three, one was killed');
  await fed;

  c.cutOff();
  const fedAgain = next(3);
  await until('the one that is cut off lets go', () => c.lost() !== '');
  await settled([a, d], 'two, one was cut off');
  await fedAgain;

  const late = next(4);
  await a.stop();
  await settled([d], 'one again');
  await late;
  await next(5);
  const { last_position } = await bus.streamState('DCGM_RAW');
  await until('all has gone through', () => d.worker.fleet?.position === last_position, 30_000).catch(explain);
  await d.stop();
  await publisher.close();

  const tables = new Tables(durable);
  const reference = await wholeRun(bus);
  expect(differences(tables, reference)).toEqual([]);
  const kinds = new Set([...reference.durable.keys()].map((key) => key.split(' ', 1)[0]));
  expect([...kinds].sort()).toEqual(KINDS);
  for (const { name, errors } of [a, d]) expect({ name, errors }).toEqual({ name, errors: [] });
});

it('asks again for the keys as long as nobody answers, so that whoever is heard is also at work', async () => {
  const e = await startTestWorker('e', { nats_url: services.nats_url, durable: new Map(), unanswered: 2 });
  running.push(e);
  expect(e.said.filter((line) => line === 'nothing is heard')).toHaveLength(2);
  await until('it has its share', () => e.worker.groups.length > 0, 20_000).catch(explain);
});
