import { describe, expect, it } from 'vitest';
import { asset, DAY, EMPTY, episode, evidence, HOSTILE, rising, START, score } from './evidence.fixture.ts';
import { EVIDENCE_STYLE_HASH, evidencePage } from './evidence-page.ts';

/** Every element of the page, in order; throws where one is not closed. */
function elements(html: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, slash, name, rest] of html
    .replace(/<!doctype html>/, '')
    .matchAll(/<(\/?)([a-z0-9]+)((?:"[^"]*"|[^">])*)>/gi)) {
    if (name === undefined) continue;
    names.push(name);
    if (slash === '/') {
      if (open.pop() !== name) throw new Error(`${name} is closed out of turn`);
    } else if (name !== 'meta' && !rest?.endsWith('/')) open.push(name);
  }
  if (open.length > 0) throw new Error(`${open.join(', ')} stay open`);
  return names;
}
const text = (html: string): string =>
  html
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

describe('evidence page', () => {
  it('tells which board, its warranty, and the verdicts', () => {
    const page = text(evidencePage(evidence()));
    for (const words of [
      'RMA evidence for GPU-a',
      'Made 2026-01-16 00:00 UTC from telemetry of 2026-01-10 00:00 UTC to 2026-01-16 00:00 UTC',
      'Serial known',
      'In service since 2025-03-16 00:00 UTC',
      'until 2026-04-20 12:00 UTC, 94 days are left',
      'Health at 2026-01-15 00:00 UTC: 40 of 100, critical, confidence 0.8. health in words',
      '41.23 % within 7 days, 70 % within 30, 90 % within 90; likely memory; by ensemble 3.',
      'Advice at 2026-01-15 00:00 UTC: rma. rationale',
    ]) {
      expect(page).toContain(words);
    }
  });

  it('tells XIDs with their meaning, what was done, and whether it helped', () => {
    const page = text(evidencePage(evidence()));
    expect(page).toMatch(
      /48 [^.]*Memory returned data that ECC could not correct; whatever used it is lost\. critical 1 2026-01-12/,
    );
    expect(page).toMatch(/79 [^.]*The host can no longer reach the GPU over PCIe/);
    expect(page).toContain('Asked for: reset gpu. reset 2026-01-12 00:02 UTC no');
    expect(page).toContain('no reset seen unknown');
    expect(page).toContain('goes on');
    expect(page.indexOf('2026-01-14 00:00 UTC goes on')).toBeLessThan(page.indexOf('48, 95'));
  });

  it('tells counters with first, last, rise and restarts, and plots them', () => {
    const html = evidencePage(evidence());
    expect(text(html)).toContain('ecc_dbe_volatile_total (count) 1 2026-01-10 00:00 UTC 5 2026-01-15 00:00 UTC 11 1');
    expect(text(html)).not.toContain('gpu_temp_celsius (C) 60');
    expect(html.match(/<svg/g)).toHaveLength(3);
    expect(html.match(/class="mark"/g)).toHaveLength(6);
  });

  it.each([
    [null, 'unknown'],
    [Number.NaN, 'unknown'],
    [START - DAY, 'ended 2026-01-09 00:00 UTC, 7 days ago'],
  ])('says of a warranty until %s: %s', (warranty_until, words) => {
    expect(text(evidencePage(evidence('', { asset: { ...asset(''), warranty_until } })))).toContain(
      `Warranty ${words}`,
    );
  });

  it('escapes every text', () => {
    const html = evidencePage(evidence(HOSTILE));
    expect(html).not.toMatch(/<script|<img|onerror='|\u202e|\u0000/i);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    const plain = new Set(elements(evidencePage(evidence())));
    expect(elements(html).filter((name) => !plain.has(name))).toEqual([]);
    expect(html.match(/&#60;script&#62;/g)?.length).toBeGreaterThan(20);
    expect(html).not.toMatch(/\b(src|href|on\w+)\s*=\s*["'][^"']*["']/);
  });

  it('needs nothing from elsewhere', () => {
    const html = evidencePage(evidence());
    expect(html).not.toMatch(/https?:|url\(|@import|<script|<link|src=|href=/);
    expect(html).toContain('@media print');
    expect(EVIDENCE_STYLE_HASH).toMatch(/^'sha256-[A-Za-z0-9+/]{43}='$/);
  });

  it('says of what is missing that it is missing', () => {
    const html = evidencePage(evidence('', EMPTY));
    expect(() => elements(html)).not.toThrow();
    for (const what of ['verdict', 'XID', 'episode', 'anomaly', 'counter', 'reading']) {
      expect(text(html)).toContain(`No ${what} in this time.`);
    }
  });

  it('shows the newest rows and says how many are left out', () => {
    const episodes = Array.from({ length: 230 }, (_, i) => episode(i / 50, { explanation: `story ${i}!` }));
    const page = text(evidencePage(evidence('', { episodes })));
    expect(page).toContain('story 229!');
    expect(page).not.toContain('story 29!');
    expect(page).toContain('30 older ones are left out.');
  });

  it('turns numbers and instants that are none into dashes', () => {
    const nonsense = evidence('', {
      made_at: Number.NaN,
      scores: [score(Number.NaN, Number.NaN)],
      metrics: [{ metric: 'pcie_replay_total', points: rising([Number.NaN, Number.POSITIVE_INFINITY, 3]) }],
    });
    const html = evidencePage(nonsense);
    expect(html).not.toMatch(/NaN|Infinity/);
    expect(html).toContain('Made \u2013 from');
  });
});
