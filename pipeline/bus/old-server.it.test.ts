import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServices } from '../../deploy/services/services.fixture.ts';
import { systemClock } from '../clock.ts';
import { numbered, numberOf, readUntil, testBus, until } from './bus.fixture.ts';
import { deadLetterSink } from './dead-letter-sink.ts';
import { retryDeadLetters } from './dead-letters.ts';
import { ensureStreams } from './ensure-streams.ts';

/** Debian 12's nats-server, unpacked beside the test and not installed; null where apt cannot bring it. */
const folder = mkdtempSync(join(tmpdir(), 'gpu-vitals-old-'));
const program = ((): string | null => {
  if (spawnSync('apt-get', ['download', 'nats-server'], { cwd: folder, stdio: 'ignore' }).status !== 0) return null;
  const file = readdirSync(folder).find((name) => name.startsWith('nats-server_2.9') && name.endsWith('.deb'));
  if (!file || spawnSync('dpkg-deb', ['-x', file, 'unpacked'], { cwd: folder }).status !== 0) return null;
  return join(folder, 'unpacked', 'usr', 'sbin');
})();

afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Skipped where apt has no nats-server 2.9.
describe.skipIf(program === null)('nats-server 2.9', () => {
  it('does the basic job: streams, publish, read with filters, kill, dead letters', async () => {
    const services = await startTestServices({ nats: true, env: { ...process.env, PATH: program ?? '' } });
    const { bus, events } = await testBus(services.nats_url);
    try {
      expect(bus.server_version).toMatch(/^2\.9\./);
      expect(await ensureStreams(bus, { compress: true })).toMatchObject({ DCGM_RAW: 'created' });
      expect(await ensureStreams(bus, { compress: true })).toMatchObject({ DCGM_RAW: 'unchanged' });
      const publisher = bus.publisher();
      const count = 6_000;
      const reading = readUntil(bus, { stream: 'DCGM_RAW', from: 1, batch_max: 100 }, (all) => all.length >= count);
      for (let i = 0; i < count; i++) {
        publisher.publish({ subject: `dcgm.raw.0${i % 3}.n`, data: numbered(i) }).catch((error) => events.push(error));
        if (i === 3_000) {
          services.kill('nats', 'SIGKILL');
          await until(() => !bus.connected);
          await services.restart('nats');
        }
        await publisher.pressure();
      }
      expect((await reading).map(numberOf)).toEqual(Array.from({ length: count }, (_, i) => i));
      const some = await readUntil(
        bus,
        { stream: 'DCGM_RAW', from: 1, subjects: ['dcgm.raw.00.>', 'dcgm.raw.02.n'] },
        (all) => all.length >= (count / 3) * 2,
      );
      expect(some.map(numberOf)).toEqual(Array.from({ length: count }, (_, i) => i).filter((i) => i % 3 !== 1));

      const sink = deadLetterSink(bus);
      sink.write({
        ts: 1_767_225_600_000,
        node: 'n',
        level: 'line',
        reason: 'unreadable_line',
        code: 'GV-PRS-002',
        step: 'normalise',
        detail: 'd',
        original: 'x',
      });
      await sink.flush();
      expect(await retryDeadLetters(bus, { clock: systemClock })).toEqual({ retried: 1, skipped: 0 });
      expect(await retryDeadLetters(bus, { clock: systemClock })).toEqual({ retried: 0, skipped: 1 });
      await sink.close();
      await publisher.close();
    } finally {
      await bus.close();
      await services.stop();
    }
  });
});
