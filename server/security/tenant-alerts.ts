import type { Alert } from '../../pipeline/contract/alerts.ts';
import { VitalsError } from '../../pipeline/contract/errors.ts';
import type { AlertAnswers, AlertNow } from '../alert-answers.ts';
import type { TenantScope } from './tenancy.ts';

/** Alerts as a tenant sees them: of its GPUs and whole nodes; of one that concerns others too, only that it is there. */
export function tenantAlerts(alerts: AlertAnswers, scope: TenantScope): AlertAnswers {
  const refuse = (): never => {
    throw new VitalsError('GV-SEC-004', 'Silences concern more than one tenant', scope.tenant);
  };
  const share = (alert: Alert): 'all' | 'some' | 'none' => shareOf(alert, scope);
  const fitting = (fits: (alert: Alert) => boolean): readonly AlertNow[] => [
    ...alerts.fitting((alert) => share(alert) === 'all' && fits(alert)),
    ...alerts.fitting((alert) => share(alert) === 'some' && fits(alert)).map(withoutOthers),
  ];
  return {
    ready: alerts.ready,
    open: () => fitting(() => true),
    fitting,
    alert: (id) => fitting((alert) => alert.id === id)[0] ?? null,
    // Rows come from the tenant's own database.
    current: (row) => alerts.current(row),
    silences: () => [],
    // What was said before may name others' GPUs.
    changes: async (row) =>
      alerts.fitting((one) => one.id === row.id && share(one) === 'some').length > 0 ? [] : alerts.changes(row),
    handle: alerts.handle,
    silence: refuse,
    forgetSilence: refuse,
  };
}

export function shareOf(alert: Pick<Alert, 'gpu_uuid' | 'node' | 'gpus'>, scope: TenantScope): 'all' | 'some' | 'none' {
  const { gpus = [], gpu_uuid, node } = alert;
  if (gpus.length > 0) {
    const own = gpus.filter(scope.sees).length;
    return own === gpus.length ? 'all' : own > 0 ? 'some' : 'none';
  }
  if (gpu_uuid !== '') return scope.sees(gpu_uuid) ? 'all' : 'none';
  return node !== '' && scope.wholeNodes().has(node) ? 'all' : 'none';
}

const withoutOthers = (alert: AlertNow): AlertNow => ({
  ...alert,
  gpu_uuid: '',
  node: '',
  rack: '',
  owner: '',
  tenant: '',
  job: '',
  summary: 'Concerns some of your GPUs, and others.',
});
