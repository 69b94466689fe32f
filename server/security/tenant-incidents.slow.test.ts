import { describe, expect, it } from 'vitest';
import { alertOf } from '../../pipeline/alert-desk/desk.fixture.ts';
import { INCIDENTS } from '../../pipeline/contract/verdict-tables.ts';
import { NOW } from '../api.fixture.ts';
import { rowOf } from '../row-of.fixture.ts';
import { keyring } from './keyring.fixture.ts';
import { tenantsWorld } from './tenants.fixture.ts';

function startWorld() {
  const keys = keyring();
  const Authorization = `Bearer ${keys.add({ role: 'admin', tenant: 'red' })}`;
  const world = tenantsWorld(keys.gate);
  const ask = async (path: string): Promise<unknown> => (await world.get(`/api/v1/${path}`, { Authorization })).json();
  return { world, ask };
}

describe('a tenant', () => {
  it('sees nothing of others’ nodes that fell silent together with its own', async () => {
    const { world, ask } = startWorld();
    world.rows.get(INCIDENTS.name)?.push(
      rowOf(INCIDENTS, {
        ...{ ts: NOW - 1_000, id: 'rack', gpu_uuid: '', node: '', scope: 'rack', origin: 'r1' },
        ...{ gpus: '["GPU-red-1","GPU-red-2"]', nodes: '["node-red","node-shared","node-blue"]' },
        ...{ evidence: '["Nodes of one rack: node-red, node-shared, node-blue."]', summary: '2 GPUs on 3 nodes' },
      }),
      rowOf(INCIDENTS, {
        ...{ ts: NOW - 1_000, id: 'own', gpu_uuid: '', node: '', scope: 'rack', origin: 'r1' },
        ...{ gpus: '["GPU-red-1","GPU-red-2"]', nodes: '["node-red","node-shared"]', summary: '2 GPUs on 2 nodes' },
      }),
    );
    const { items } = (await ask('incidents')) as { items: Record<string, unknown>[] };
    const [rack, own] = ['rack', 'own'].map((name) => items.find(({ id }) => id === name));
    const gpus = ['GPU-red-1', 'GPU-red-2'];
    expect(rack).toMatchObject({ gpus, nodes: ['node-red'], evidence: [], origin: '' });
    expect(JSON.stringify(rack)).not.toMatch(/blue|3 nodes/);
    expect(own).toMatchObject({ gpus, nodes: ['node-red', 'node-shared'], summary: '2 GPUs on 2 nodes' });
  });

  it('has an alert of its GPUs to itself only where no node of others is in it', async () => {
    const { world, ask } = startWorld();
    const wide = { gpu_uuid: '', node: '', source: 'incidents', opened_at: NOW - 500 } as const;
    const lost = { ...wide, gpus: ['GPU-red-1', 'GPU-red-2'], summary: '2 GPUs on 3 nodes of rack r1 were lost' };
    // An alert has what the boards of all its nodes have in common.
    world.alerts.take(alertOf({ ...lost, id: 'withothers000000', tenant: '' }));
    world.alerts.take(alertOf({ ...lost, id: 'alone00000000000', tenant: 'red' }));
    world.alerts.take(alertOf({ ...lost, id: 'job0000000000000', tenant: '', job: 'job-red' }));
    const summary = async (id: string): Promise<string> => ((await ask(`alerts/${id}`)) as { summary: string }).summary;
    expect(await summary('withothers000000')).toBe('Concerns some of your GPUs, and others.');
    expect(await summary('alone00000000000')).toBe(lost.summary);
    expect(await summary('job0000000000000')).toBe(lost.summary);
  });
});
