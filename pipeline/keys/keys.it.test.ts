import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { testBus, until } from '../bus/bus.fixture.ts';
import { storedMessages } from '../bus/stored-messages.ts';
import { endCliRuns, runCli } from '../cli/cli.fixture.ts';
import { settableClock, systemClock } from '../clock.ts';
import type { Bus } from '../contract/bus.ts';
import { days, hours } from '../contract/time.ts';
import { openKeyBook } from './key-book.ts';
import { openKeyStore } from './key-store.ts';

let services: TestServices;
let bus: Bus;
beforeAll(async () => {
  services = await startTestServices({ nats: true });
  bus = (await testBus(services.nats_url)).bus;
});
afterAll(async () => {
  await endCliRuns();
  await bus?.close();
  await services?.stop();
});

describe('keys over NATS', () => {
  it('are good in every process a moment after they are made, and bad a moment after they are revoked', async () => {
    const clock = settableClock(systemClock.now());
    const here = await openKeyStore(bus, clock);
    const elsewhere = await testBus(services.nats_url);
    const book = await openKeyBook(await openKeyStore(elsewhere.bus, clock), clock);
    expect(book.locked).toBe(false);
    const { id, key } = await here.create({
      ...{ name: 'ann', role: 'operator', tenant: 'acme', scopes: ['alerts'], expires_after: days(90) },
    });
    const began = systemClock.monotonic();
    await until(() => book.find(key) !== null);
    expect(systemClock.monotonic() - began).toBeLessThan(1_000);
    expect(book.find(key)).toMatchObject({ id, name: 'ann', role: 'operator', tenant: 'acme' });
    expect(book.find(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).toBeNull();

    const before = book.find(key)?.shown ?? '';
    const turned = await here.rotate(id, hours(1));
    await until(() => book.find(turned.key) !== null);
    const after = book.find(turned.key)?.shown ?? '';
    expect(book.find(key)?.id).toBe(id);
    expect(book.find(turned.key)?.scopes).toEqual(['alerts']);
    expect([before, after, ''].map((shown) => book.isGood(id, shown))).toEqual([true, true, false]);
    clock.advance(hours(1));
    expect(book.find(key)).toBeNull();
    expect(book.find(turned.key)?.id).toBe(id);
    expect([before, after].map((shown) => book.isGood(id, shown))).toEqual([false, true]);

    await until(async () => (await here.list())[0]?.last_used_at !== null);
    const listed = await here.list();
    expect(listed).toMatchObject([{ id, name: 'ann', role: 'operator', tenant: 'acme', revoked_at: null }]);
    expect(JSON.stringify(listed)).not.toContain(turned.key.slice('gvk_0123456789ab_'.length));

    await here.revoke(id);
    await until(() => book.find(turned.key) === null);
    expect(book.isGood(id, after)).toBe(false);
    expect(book.locked).toBe(true);
    await expect(here.rotate(id, hours(1))).rejects.toMatchObject({ code: 'GV-SEC-005' });
    await expect(here.revoke('000000000000')).rejects.toMatchObject({ code: 'GV-SEC-005' });

    await book.stop();
    await elsewhere.bus.close();
  });

  it('lie in the bucket as hashes only, and uses are noted once a minute', async () => {
    const clock = settableClock(systemClock.now());
    const store = await openKeyStore(bus, clock);
    const { id, key } = await store.create({ name: 'grep', role: 'viewer', tenant: '', expires_after: null });
    const secret = key.slice('gvk_0123456789ab_'.length);
    const uses = async (): Promise<number> => {
      let found = 0;
      for await (const message of storedMessages(bus, 'KV_VITALS_KEYS', { subject: '$KV.VITALS_KEYS.>', from: 1 })) {
        expect(Buffer.from(message.data).toString()).not.toContain(secret);
        if (message.subject.endsWith(`used.${id}`)) found = message.position;
      }
      return found;
    };
    await store.noteUse(id, clock.now());
    const first = await uses();
    await store.noteUse(id, clock.now() + 59_000);
    expect(await uses()).toBe(first);
    await store.noteUse(id, clock.now() + 60_000);
    expect(await uses()).toBeGreaterThan(first);
  });

  it('are made and ended on the command line', async () => {
    const nats = ['--nats', services.nats_url];
    const made = await runCli([
      'keys',
      'create',
      '--name',
      'ci',
      '--role',
      'viewer',
      '--expires',
      '90d',
      '--scope',
      'alerts',
      '--scope',
      'fleet',
      '--json',
      ...nats,
    ]);
    expect(made.code).toBe(0);
    const { id, key } = JSON.parse(made.stdout) as { id: string; key: string };
    expect(Object.keys(JSON.parse(made.stdout))).toEqual(['id', 'key']);
    const listed = await runCli(['keys', 'list', '--json', ...nats]);
    expect(listed.stdout).not.toContain(key.slice('gvk_0123456789ab_'.length));
    const mine = (JSON.parse(listed.stdout) as { id: string }[]).find((one) => one.id === id);
    expect(mine).toMatchObject({
      prefix: `gvk_${id}`,
      role: 'viewer',
      name: 'ci',
      scopes: ['alerts', 'fleet'],
      last_used_at: null,
      revoked_at: null,
    });
    const turned = await runCli(['keys', 'rotate', id, '--grace', '1h', '--json', ...nats]);
    expect((JSON.parse(turned.stdout) as { key: string }).key).not.toBe(key);
    expect((await runCli(['keys', 'revoke', `gvk_${id}`, ...nats])).code).toBe(0);
    expect((await runCli(['keys', 'revoke', 'ffffffffffff', ...nats])).stderr).toContain('GV-SEC-005');
    for (const wrong of [
      ['--role', 'root'],
      ['--role', 'viewer', '--scope', 'everything'],
    ]) {
      expect((await runCli(['keys', 'create', '--name', 'x', ...wrong, ...nats])).code).toBe(2);
    }
  });
});
