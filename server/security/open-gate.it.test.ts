import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServices, type TestServices } from '../../deploy/services/services.fixture.ts';
import { testBus } from '../../pipeline/bus/bus.fixture.ts';
import { systemClock } from '../../pipeline/clock.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';
import { openKeyStore } from '../../pipeline/keys/key-store.ts';
import { openGate } from './open-gate.ts';

const PROXY = { host: '127.0.0.1', behind_proxy: true };
const OIDC = { issuer: 'https://login.example', audience: 'a', role_claim: 'role', tenant_claim: '' };
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

describe('the gate of a server', () => {
  it('opens for others than this machine only where something asks for a key', async () => {
    const open = async (options: Partial<Parameters<typeof openGate>[0]>): Promise<boolean> => {
      const gate = await openGate({ bus, clock: systemClock, host: '127.0.0.1', ...options });
      await gate.stop();
      return gate.locked;
    };
    const refused = expect.objectContaining({ code: 'GV-SVC-007' });
    expect(await open({})).toBe(false);
    await expect(open(PROXY)).rejects.toEqual(refused);
    await expect(open({ host: '0.0.0.0' })).rejects.toEqual(refused);
    expect(await open({ ...PROXY, oidc: OIDC })).toBe(true);
    const store = await openKeyStore(bus, systemClock);
    await store.create({ name: 'ops', role: 'admin', tenant: '', expires_after: null });
    expect(await open(PROXY)).toBe(true);
    expect(await open({ host: '0.0.0.0' })).toBe(true);
  });
});
