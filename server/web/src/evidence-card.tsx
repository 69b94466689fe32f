import { api } from './api.ts';
import { CsvButton } from './csv-button.tsx';

const DAY_MS = 86_400_000;
const SPAN_DAYS = 30;
const ROWS_MAX = 1_000;

/** What the maker asks for when a board goes back, and what else one takes along: the last 30 days. */
export function EvidenceCard({ gpu_uuid }: { readonly gpu_uuid: string }) {
  const path = `/gpus/${encodeURIComponent(gpu_uuid)}`;
  const name = gpu_uuid.slice(0, 12);
  const from = Math.floor((Date.now() - SPAN_DAYS * DAY_MS) / DAY_MS) * DAY_MS;
  const params = { gpu_uuid };
  const query = { from, limit: ROWS_MAX };
  const lists = [
    ['health', 'Scores', () => api.csv('/api/v1/gpus/{gpu_uuid}/health', { params, query })],
    ['anomalies', 'Anomalies', () => api.csv('/api/v1/gpus/{gpu_uuid}/anomalies', { params, query })],
    ['episodes', 'Episodes', () => api.csv('/api/v1/gpus/{gpu_uuid}/episodes', { params, query })],
    [
      'metrics',
      'Readings, hourly',
      () => api.csv('/api/v1/gpus/{gpu_uuid}/metrics', { params, query: { ...query, resolution: '1h' } }),
    ],
  ] as const;
  return (
    <section class="card evidence-of" aria-labelledby="evidence-title" data-testid="evidence">
      <h2 id="evidence-title">Return (RMA)</h2>
      <p>
        <a href={`/api/v1${path}/evidence`} target="_blank" rel="noreferrer" data-plain>
          Evidence of the last {SPAN_DAYS} days, to print
        </a>
      </p>
      <p class="small">
        As CSV:{' '}
        {lists.map(([below, label, pages]) => (
          <CsvButton key={below} pages={pages} name={`${name}-${below}.csv`} label={label} />
        ))}
      </p>
      <p class="small as-json">
        As JSON:{' '}
        {(['', '/features?at=now', '/health', '/anomalies', '/episodes'] as const).map((below) => (
          <a key={below} href={`/api/v1${path}${below}`} data-plain>
            {below === '' ? 'verdict' : below.slice(1).replace('?at=now', '')}
          </a>
        ))}
      </p>
    </section>
  );
}
