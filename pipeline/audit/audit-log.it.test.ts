import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { testBus } from '../bus/bus.fixture.ts';
import { AUDIT_STREAM } from '../bus/ensure-streams.ts';
import { managerOf } from '../bus/stream-manager.ts';
import { settableClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { auditedCommand } from './audit-command.ts';
import type { AuditEntry } from './audit-entry.ts';
import { auditLog } from './audit-log.ts';

let services: TestServices;
let bus: Bus;
beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = (await testBus(services.nats_url)).bus;
});
afterAll(async () => {
  await bus?.close();
  await services?.stop();
});

const entry = (some: Partial<AuditEntry>): AuditEntry => ({
  at: 1_767_225_600_000,
  by: 'ann',
  key_id: 'abc',
  role: 'admin',
  tenant: '',
  origin: '127.0.0.1',
  action: 'POST /api/v1/models/rollback',
  target: '/api/v1/models/rollback',
  status: 200,
  detail: '{}',
  ...some,
});

describe('the trail', () => {
  it('is read from the newest on, a page at a time, and by what is asked for', async () => {
    const log = auditLog(bus);
    for (let i = 0; i < 25; i++)
      await log.write(entry({ at: Date.UTC(2026, 0, 1) + i, by: i % 5 === 0 ? 'b.o b' : 'ann' }));
    const seen: number[] = [];
    let below: number | undefined;
    for (;;) {
      const page = await log.page({}, { limit: 10, below });
      seen.push(...page.items.map(({ position }) => position));
      if (page.next === null) break;
      below = page.next;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => 25 - i));
    expect(await log.count()).toBe(25);
    expect((await log.page({ by: 'b.o b' }, { limit: 100 })).items).toHaveLength(5);
    expect((await log.page({ to: Date.UTC(2026, 0, 1) + 3 }, { limit: 100 })).items).toHaveLength(3);
    expect((await log.page({ action: 'keys revoke' }, { limit: 100 })).items).toEqual([]);
  });

  it('gives up nothing', async () => {
    const { streams } = await managerOf(bus);
    await auditLog(bus).write(entry({}));
    await expect(streams.purge(AUDIT_STREAM)).rejects.toThrow();
    await expect(streams.deleteMessage(AUDIT_STREAM, 1)).rejects.toThrow();
    const { config } = await streams.info(AUDIT_STREAM);
    expect(config).toMatchObject({ max_age: 0, max_bytes: -1, max_msgs: -1 });
    await expect(streams.update(AUDIT_STREAM, { ...config, deny_purge: false })).rejects.toThrow();
  });

  it('knows what commands did, and what they failed to do', async () => {
    const clock = settableClock(Date.UTC(2026, 0, 2));
    const act = () => ({ action: 'keys revoke', target: 'abc' });
    expect(await auditedCommand({ bus, clock }, act, async () => 5)).toBe(5);
    const failing = auditedCommand({ bus, clock }, act, () => Promise.reject(new Error('no such key')));
    await expect(failing).rejects.toThrow('no such key');
    const { items } = await auditLog(bus).page({ action: 'keys revoke' }, { limit: 10 });
    expect(items.map(({ status, origin }) => [status, origin])).toEqual([
      [1, 'command line'],
      [0, 'command line'],
    ]);
  });

  it('is told of a failure only where that does no harm', async () => {
    const clock = settableClock(Date.UTC(2026, 0, 2));
    for (const written of [false, true]) {
      const options = { bus, clock, failure_written: async () => written };
      const failing = auditedCommand(
        options,
        () => ({ action: 'restore', target: String(written) }),
        () => Promise.reject(new Error('it is damaged')),
      );
      await expect(failing).rejects.toThrow('it is damaged');
    }
    const { items } = await auditLog(bus).page({ action: 'restore' }, { limit: 10 });
    expect(items.map(({ target }) => target)).toEqual(['true']);
  });
});
