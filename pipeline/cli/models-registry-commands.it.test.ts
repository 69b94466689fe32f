import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { boostingText } from '../../models/boosting/boosting-text.ts';
import { auditLog } from '../audit/audit-log.ts';
import { testBus, until } from '../bus/bus.fixture.ts';
import { settableClock } from '../clock.ts';
import { openNatsRegistry } from '../registry/nats-registry.ts';
import { smallBundle, smallTrees } from './bundle.fixture.ts';
import { runModels } from './models-commands.fixture.ts';

let services: TestServices;
let folder: string;

beforeAll(async () => {
  services = await startTestServices({ nats: true });
  folder = await mkdtemp(join(tmpdir(), 'gpu-vitals-models-'));
});
afterAll(async () => {
  await services?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('works on the registry of the running system, whose workers hear of it', async () => {
  const file = join(folder, 'bundle');
  const run = (...args: string[]) => runModels(...args, '--nats', services.nats_url);
  expect((await run('list')).out).toBe('no models\n');
  for (const number of [1, 2]) {
    await writeFile(file, smallBundle(number));
    await run('register', file);
  }
  const { bus } = await testBus(services.nats_url);
  const worker = await openNatsRegistry({ bus, clock: settableClock(0), tell: () => undefined });
  const heard: (number | null)[] = [];
  worker.watch('champion', (version) => heard.push(version));
  await until(() => heard.length === 1);
  await run('promote', '1');
  await run('promote', '2');
  await until(() => heard.at(-1) === 2);
  expect((await run('rollback')).out).toBe('champion is version 1, before it was version 2\n');
  await until(() => heard.at(-1) === 1);
  expect(heard[0]).toBeNull();
  expect(Buffer.from((await worker.get('champion')).bytes)).toEqual(smallBundle(1));
  await worker.close();
  await expect(run('rollback')).rejects.toThrow();
  const { items } = await auditLog(bus).page({}, { limit: 10 });
  expect(items.map(({ action, target, status }) => [action, target, status])).toEqual([
    ['models rollback', 'champion', 1],
    ['models rollback', 'champion', 0],
    ...[1, 2].map(() => ['models promote', 'champion', 0]),
    ...[1, 2].map(() => ['models register', file, 0]),
  ]);
  expect(items[2]).toMatchObject({
    origin: 'command line',
    detail: JSON.stringify({ version: 2, before: 1, why: '' }),
  });
  await bus.close();
});

it('says that NATS is away', async () => {
  const away = ['--nats', 'nats://127.0.0.1:1'];
  await expect(runModels('list', ...away)).rejects.toMatchObject({ code: 'GV-BUS-001' });
  const file = join(folder, 'model.json');
  await writeFile(file, boostingText(smallTrees(0)));
  await expect(runModels('import', file, ...away)).rejects.toMatchObject({
    code: 'GV-BUS-001',
    message: 'there is no running system to store the model in',
    action: expect.stringMatching(/gpu-vitals up.*--check/),
  });
});
