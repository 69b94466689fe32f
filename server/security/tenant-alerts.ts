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
  const isShared = (id: string): boolean => alerts.fitting((one) => one.id === id && share(one) !== 'all').length > 0;
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
    changes: async (row) => (isShared(row.id) ? [] : alerts.changes(row)),
    // What one tenant says of it would count for all.
    handle(id, change) {
      if (!isShared(id)) return alerts.handle(id, change);
      throw new VitalsError('GV-SEC-004', 'This alert concerns more than one tenant', scope.tenant);
    },
    silence: refuse,
    forgetSilence: refuse,
  };
}

function shareOf(alert: Alert, scope: TenantScope): 'all' | 'some' | 'none' {
  const { gpus = [], opened_at } = alert;
  if (gpus.length > 0) {
    const own = gpus.filter((uuid) => scope.had(uuid, opened_at)).length;
    // Others' nodes that fell silent are in it without a GPU: it has a tenant when all GPUs of its nodes have. A job's faults are of GPUs.
    const whole = own === gpus.length && (alert.tenant === scope.tenant || alert.job !== '');
    return whole ? 'all' : own > 0 ? 'some' : 'none';
  }
  return scope.concerns(alert, opened_at) ? 'all' : 'none';
}

/** Without what names others' GPUs, and what people said of it who see more. */
const withoutOthers = (alert: AlertNow): AlertNow => ({
  ...alert,
  cluster: '',
  action_text: '',
  acknowledged_by: '',
  assigned_to: '',
  handling_note: '',
  inhibited_by: '',
  gpu_uuid: '',
  node: '',
  rack: '',
  owner: '',
  tenant: '',
  job: '',
  summary: 'Concerns some of your GPUs, and others.',
});
