import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { BUNDLE_BYTES_MAX } from '../../models/registry/manifest.ts';
import { type TestBus, testBus, until } from '../bus/bus.fixture.ts';
import { managerOf } from '../bus/stream-manager.ts';
import { settableClock, systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { openNatsRegistry } from './nats-registry.ts';
import { registryLaws } from './registry-laws.fixture.ts';
import { BY, bundle, NOW } from './registry-under-test.fixture.ts';

const KV = 'KV_GPU_VITALS_MODELS';
const OBJ = 'OBJ_GPU_VITALS_MODELS';

/** Debian's nats-server 2.9, unpacked beside the test; null where apt cannot bring it. */
const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-old-'));
const old = ((): string | null => {
  if (spawnSync('apt-get', ['download', 'nats-server'], { cwd: folder, stdio: 'ignore' }).status !== 0) return null;
  const file = readdirSync(folder).find((name) => name.startsWith('nats-server_2.9') && name.endsWith('.deb'));
  if (!file || spawnSync('dpkg-deb', ['-x', file, 'unpacked'], { cwd: folder }).status !== 0) return null;
  return join(folder, 'unpacked', 'usr', 'sbin');
})();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const servers = [
  { name: 'the nats-server that is found', env: process.env, skip: false },
  // Skipped where apt has no nats-server 2.9.
  { name: 'nats-server 2.9', env: { ...process.env, PATH: old ?? '' }, skip: old === null },
];

for (const { name, env, skip } of servers) {
  describe.skipIf(skip)(`the registry on ${name}`, () => {
    let services: TestServices;
    let test: TestBus;
    let bus: Bus;
    const told: unknown[] = [];
    const open = (on = bus, clock = systemClock) =>
      openNatsRegistry({ bus: on, clock, tell: (error) => told.push(error) });

    beforeAll(async () => {
      services = await startTestServices({ nats: true, env });
      test = await testBus(services.nats_url);
      bus = test.bus;
    });
    afterAll(async () => {
      await bus?.close();
      await services?.stop();
    });

    const remove = async (): Promise<void> => {
      const jsm = await managerOf(bus);
      for (const stream of [KV, OBJ]) {
        // Until the server says so: what is left of one test would be the first version of the next.
        await until(async () => {
          await jsm.streams.delete(stream).catch(() => false);
          return jsm.streams.info(stream).then(
            () => false,
            (error: unknown) => /not found/.test(String(error)),
          );
        });
      }
    };
    const write = async (key: string, text: string): Promise<void> => {
      const publisher = bus.publisher();
      await publisher.publish({ subject: `$KV.GPU_VITALS_MODELS.${key}`, data: Buffer.from(text) });
      await publisher.close();
    };

    describe('like every registry', () => {
      registryLaws(async () => {
        await remove();
        return {
          open: (clock, tell) => openNatsRegistry({ bus, clock, tell }),
          spoilManifest: (version, text) => write(`manifest.${version}`, text),
          async spoilBytes(version, bytes) {
            // One chunk an object here, in the order of the versions.
            const jsm = await managerOf(bus);
            const seen: { seq: number; subject: string }[] = [];
            const { state } = await jsm.streams.info(OBJ);
            for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
              const message = await jsm.streams.getMessage(OBJ, { seq });
              if (message?.subject.includes('.C.')) seen.push({ seq, subject: message.subject });
            }
            const { seq, subject } = seen[version - 1] as (typeof seen)[number];
            await jsm.streams.deleteMessage(OBJ, seq);
            if (bytes === null) return;
            const publisher = bus.publisher();
            await publisher.publish({ subject, data: bytes });
            await publisher.close();
          },
          spoilAliases: (text) => write('aliases', text),
          remove,
        };
      });
    });

    it('keeps all over a restart of the server, and tells watchers afterwards', async () => {
      const registry = await open();
      await registry.put(bundle('one'), {});
      await registry.put(bundle('two'), {});
      await registry.setAlias('champion', 1, BY);
      const heard: (number | null)[] = [];
      registry.watch('champion', (version) => heard.push(version));
      await until(() => heard.length === 1);
      services.kill('nats', 'SIGKILL');
      await until(() => !bus.connected);
      await services.restart('nats');
      await until(() => bus.connected);
      const other = await testBus(services.nats_url);
      const elsewhere = await open(other.bus);
      await elsewhere.setAlias('champion', 2, BY);
      await until(() => heard.at(-1) === 2);
      expect(heard).toEqual([1, 2]);
      expect(Buffer.from((await registry.get('champion')).bytes).toString()).toBe('two');
      await elsewhere.close();
      await other.bus.close();
      await registry.close();
      await remove();
    });

    it('carries the largest bundle', async () => {
      const registry = await open(bus, settableClock(NOW));
      const bytes = randomBytes(BUNDLE_BYTES_MAX);
      let started = performance.now();
      await registry.put(bytes, {});
      const put_ms = performance.now() - started;
      expect(Buffer.compare((await registry.get(1)).bytes, bytes)).toBe(0);
      // The same bytes once more cost nothing.
      started = performance.now();
      await registry.put(bytes, {});
      expect(performance.now() - started).toBeLessThan(put_ms);
      const { state } = await (await managerOf(bus)).streams.info(OBJ);
      expect(state.bytes).toBeLessThan(BUNDLE_BYTES_MAX * 1.1);
      await remove();
    });

    it('reads many versions at once', async () => {
      const registry = await open();
      for (let i = 0; i < 60; i++) await registry.put(bundle(`${i}`), { card: 'x'.repeat(20_000) });
      const list = await registry.list();
      expect(list.map(({ version }) => version)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
      await remove();
    });

    it('says that NATS is away', async () => {
      const other = await testBus(services.nats_url);
      const registry = await open(other.bus);
      await other.bus.close();
      for (const call of [
        () => registry.list(),
        () => registry.get(1),
        () => registry.put(bundle('one'), {}),
        () => registry.rollback('champion', BY),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'GV-BUS-001' });
      }
      await registry.close();
      await remove();
    });
  });
}
