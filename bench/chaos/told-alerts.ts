import type { Alert } from '../../pipeline/contract/alerts.ts';
import type { Bus } from '../../pipeline/contract/bus.ts';

/** Listens to alerts as they are told, without a stream; `twice`: changes of an alert that were heard more than once. */
export function toldAlerts(bus: Bus): { twice(): string[] } {
  const heard = new Map<string, number>();
  bus.subscribe('alerts.>', ({ data }) => {
    const { id, severity, state } = JSON.parse(Buffer.from(data).toString('utf8')) as Alert;
    const change = `alert ${id}, ${severity}, ${state}`;
    heard.set(change, (heard.get(change) ?? 0) + 1);
  });
  return {
    twice: () => [...heard].filter(([, times]) => times > 1).map(([change, times]) => `${change}: told ${times} times`),
  };
}
