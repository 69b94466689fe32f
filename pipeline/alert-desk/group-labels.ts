import type { Alert } from '../contract/alerts.ts';
import type { AlertRoute } from './alert-routes.ts';
import { incidentOf } from './inhibitions.ts';

/** What alerts have in common with which a route tells this one. Where it has none of the labels it stands alone. */
export function groupLabels(
  alert: Alert,
  { group_by }: Pick<AlertRoute, 'group_by'>,
  open: () => Iterable<Alert>,
): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const label of group_by) {
    if (label === 'incident') {
      const id = incidentOf(alert, open());
      if (id !== null) labels.incident = id;
      else if (alert.node !== '') labels.node = alert.node;
    } else if (alert[label] !== '') {
      labels[label] = alert[label];
    }
  }
  if (group_by.length > 0 && Object.keys(labels).length === 0) labels.alert = alert.id;
  return labels;
}
