import { alertOf, closedOf } from '../pipeline/alert-desk/desk.fixture.ts';
import { apiWorld, NOW } from './api.fixture.ts';

type World = ReturnType<typeof apiWorld>;

export async function send(
  world: World,
  method: 'POST' | 'PATCH',
  path: string,
  body: unknown,
  type = 'application/json',
): Promise<{ status: number; body: Record<string, unknown> & { items?: Record<string, unknown>[] } }> {
  const response = await world.app.request(`/api/v1/${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { 'Content-Type': type },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Three open alerts, one of them explained by another, and one that is over. */
export function watched(): World {
  const world = apiWorld();
  const at = (minutes: number) => ({ opened_at: NOW - minutes * 60_000 });
  world.alerts.take(alertOf({ id: 'hot', ...at(3) }));
  world.alerts.take(alertOf({ id: 'warm', severity: 'warning', rule: 'warm', ...at(2) }));
  world.alerts.take(alertOf({ id: 'bus', gpu_uuid: 'GPU-b', node: 'n2', rack: 'r2', category: 'bus', ...at(1) }));
  const over = alertOf({ id: 'over', category: 'power', ...at(9) });
  world.alerts.take(over);
  world.alerts.take(closedOf(over));
  return world;
}
export const ids = (body: { items?: Record<string, unknown>[] }): unknown[] => (body.items ?? []).map(({ id }) => id);
