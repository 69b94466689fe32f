import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../pipeline/config.ts';
import { effectiveConfig } from '../../pipeline/effective-config.ts';
import { populated } from '../api.fixture.ts';
import { keyring } from './keyring.fixture.ts';

const PLANTED = 'pl4nted';
const load = (environment: Record<string, string>, flags: Record<string, unknown> = {}) =>
  loadConfig({ file: 'none.yaml', file_required: false, environment, flags });

describe('secrets', () => {
  it('in addresses and channels are not in what is shown of the configuration, nor in the API', async () => {
    const loaded = load({
      GPU_VITALS_NATS: `nats://user:${PLANTED}@127.0.0.1:4222`,
      GPU_VITALS_QUESTDB: `http://user:${PLANTED}@127.0.0.1:9000`,
      GPU_VITALS_QUESTDB_PG: `postgres://user:${PLANTED}@127.0.0.1:8812/qdb`,
      GPU_VITALS_TARGETS_URL: `http://user:${PLANTED}@127.0.0.1/sd?token=${PLANTED}`,
      GPU_VITALS_OIDC_ISSUER: `https://user:${PLANTED}@id.example.com`,
      GPU_VITALS_ALERT_CHANNELS: JSON.stringify({
        hook: { kind: 'webhook', url: `https://user:${PLANTED}@example.com/${PLANTED}?t=${PLANTED}` },
      }),
    });
    const shown = effectiveConfig(loaded);
    expect(JSON.stringify(shown)).not.toContain(PLANTED);
    const world = populated({ config: shown });
    for (const path of ['/api/v1/config', '/api/v1/config?section=Alerts', '/api/v1/console-config', '/metrics']) {
      expect(await (await world.get(path)).text()).not.toContain(PLANTED);
    }
  });

  it.each([
    { GPU_VITALS_ALERT_CHANNELS: `{"hook": {"kind": "webhook", "url": "${PLANTED}"}}` },
    { GPU_VITALS_ALERT_CHANNELS: `{"hook": ${PLANTED}` },
    { GPU_VITALS_TARGET_ACCESS: `[{"match": "*", "bearer_token": "${PLANTED}"}]` },
    { GPU_VITALS_INTERVAL: PLANTED },
  ])('are not repeated when they are refused', (environment) => {
    try {
      load(environment);
      expect.unreachable();
    } catch (error) {
      expect((error as { line(): string }).line()).not.toContain(PLANTED);
      expect(JSON.stringify(error)).not.toContain(PLANTED);
    }
  });

  it('of keys are in no answer, no error and not in the trail', async () => {
    const keys = keyring();
    const key = keys.add({ role: 'admin', name: 'root' });
    const secret = key.slice('gvk_0123456789ab_'.length);
    const world = populated({ gate: keys.gate });
    const heard: string[] = [];
    for (const Authorization of [`Bearer ${key}`, `Bearer ${key}x`, `Basic ${key}`, key]) {
      for (const path of ['/api/v1/gpus', '/api/v1/audit', '/api/v1/nothing', `/api/v1/gpus/GPU-00?key=1`]) {
        const answer = await world.get(path, { Authorization });
        heard.push(JSON.stringify([...answer.headers]), await answer.text());
      }
      await world.app.request('/api/v1/alerts/A1/acknowledge', {
        method: 'POST',
        headers: { Authorization, 'Content-Type': 'application/json' },
        body: '{"by":"x"}',
      });
    }
    expect(world.audit.entries).toHaveLength(1);
    heard.push(JSON.stringify(world.audit.entries), String(world.failures));
    expect(heard.filter((text) => text.includes(secret))).toEqual([]);
  });
});
