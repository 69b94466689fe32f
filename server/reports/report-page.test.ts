import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { assetOf, NOW, populated } from '../api.fixture.ts';
import { availabilityRows, boardAvailability } from './availability.ts';
import { availabilityPage } from './availability-page.ts';
import { REPORT_POLICY, reportPage } from './report-page.ts';

const HOUR = 3_600_000;
const NASTY = '<img src=x onerror=alert(1)>"\u202e';

it('prints figures, definitions and nothing that could run', () => {
  const board = {
    ...assetOf(NASTY, { node: NASTY, owner: NASTY }),
    service: { from: NOW, to: NOW + 1_000 * HOUR },
    away: [],
  };
  const boards = [boardAvailability(board, [{ from: NOW, to: NOW + 5.001 * HOUR, cause: 'gpu_lost' }])];
  const html = availabilityPage({
    month: '2026-01',
    by: 'node',
    sla: 0.995,
    made_at: NOW,
    period: board.service,
    rows: availabilityRows(boards, { sla: 0.995, groupOf: ({ node }) => node }),
    boards,
  });
  expect(html).not.toMatch(/<img|<script|<[^>]+ on\w+=|https?:/);
  expect(html).toContain('Availability 2026-01, by node');
  // 0.994999 is not rounded up to a target that was missed.
  expect(html).toContain('99.499 %');
  expect(html).toContain('>missed<');
  expect(html).toContain('lost');
  for (const term of ['In service', 'Down', 'Time to repair (MTTR)', 'Time between failures (MTBF)']) {
    expect(html).toContain(`>${term.replace(/[()]/g, (c) => c)}<`);
  }
  const style = /<style>([^<]*)<\/style>/.exec(html)?.[1] ?? '';
  expect(REPORT_POLICY).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}';`);
});

it('says what is left out, and where there is nothing', () => {
  const table = { heads: ['n'], numeric: [0], rows: Array.from({ length: 2_003 }, (_, i) => [String(i)]) };
  const html = reportPage({
    title: 't',
    lead: [],
    sections: [
      { name: 'long', table, empty: '' },
      { name: 'short', table: { ...table, rows: [] }, empty: 'Nothing here.' },
    ],
    terms: [],
  });
  expect(html).toContain('3 more rows are left out');
  expect(html).toContain('Nothing here.');
  expect(html.match(/<td/g)).toHaveLength(2_000);
});

it('comes with a policy that lets it style itself and no more', async () => {
  const world = populated();
  for (const path of ['availability', 'compliance']) {
    const response = await world.get(`/api/v1/reports/${path}.html`);
    expect(response.headers.get('Content-Security-Policy')).toBe(REPORT_POLICY);
  }
  for (const query of ['month=2026-13', 'month=2026', 'by=colour', 'sla=0', 'sla=1.5', 'sla=x', 'sort=group']) {
    expect((await world.get(`/api/v1/reports/availability.html?${query}`)).status, query).toBe(400);
  }
  expect((await world.get(`/api/v1/reports/compliance?from=${NOW}&to=${NOW}`)).status).toBe(400);
});
