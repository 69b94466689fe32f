import { describe, expect, it } from 'vitest';
import { startApi } from '../start-api.ts';
import { requireKeys } from './gate.ts';

const REFUSED = expect.objectContaining({ code: 'GV-SVC-007' });

describe('a server that others than this machine can call', () => {
  it.each([
    ['127.0.0.1', false, true],
    ['::1', false, true],
    ['0.0.0.0', false, false],
    ['127.0.0.1', true, false],
    ['::1', true, false],
    ['0.0.0.0', true, false],
  ])('on %s, behind a proxy %s, may start without keys: %s', (host, behind_proxy, may) => {
    const start = (locked: boolean) => (): void => requireKeys({ locked }, { host, behind_proxy });
    expect(start(true)).not.toThrow();
    if (may) expect(start(false)).not.toThrow();
    else expect(start(false)).toThrowError(REFUSED);
  });

  it('opens nothing before that', async () => {
    const gate = { locked: false, know: async () => null, isWelcome: () => false };
    const bus = new Proxy({}, { get: () => expect.unreachable('the bus is used') });
    const options = { gate, bus, host: '127.0.0.1', port: 0, behind_proxy: true };
    await expect(startApi(options as never)).rejects.toThrowError(REFUSED);
  });
});
