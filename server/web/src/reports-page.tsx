import { AvailabilityReport } from './availability-report.tsx';
import { ComplianceReport } from './compliance-report.tsx';
import { useMay } from './console-parts.ts';
import { setQuery, useAddress } from './router.ts';
import { Segmented } from './segmented.tsx';

const CLEARED = { month: '', by: '', sla: '', met: '', sort: '', q: '', kind: '', days: '' };

/** What one hands to somebody else: availability against its target, and what people have changed. */
export function ReportsPage() {
  const { query } = useAddress();
  const view = query.get('view') ?? '';
  // It is about the whole installation.
  const changes = useMay()('GET /api/v1/reports/compliance');
  return (
    <div class="listing" data-testid="reports-page">
      <div class="head">
        <h1>Reports</h1>
        <div class="grow" />
        <Segmented
          name="Report"
          value={view}
          options={[['', 'Availability'], ...(changes ? ([['changes', 'Changes']] as const) : [])]}
          onChange={(next) => setQuery({ ...CLEARED, view: next })}
        />
      </div>
      {view === 'changes' && changes ? <ComplianceReport /> : <AvailabilityReport />}
    </div>
  );
}
