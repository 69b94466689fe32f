import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dashboardQueries } from '../../bench/grafana/dashboard-queries.ts';
import { grafanaDashboards } from './dashboards.ts';
import { DATA_SOURCE_TYPE } from './sql-target.ts';

const FOLDER = join(import.meta.dirname, 'dashboards');
const built = grafanaDashboards();

describe('dashboards', () => {
  it.each(Object.entries(built))('%s is fresh (else: npm run generate)', (name, content) => {
    expect(JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))).toEqual(JSON.parse(content));
  });

  it('are all that lies in the folder', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(built).sort());
  });

  it.each(Object.entries(built))(
    '%s: panels have their own ids, do not overlap, and name a unit or are text',
    (_, content) => {
      const { panels } = JSON.parse(content) as {
        panels: {
          id: number;
          type: string;
          title: string;
          description?: string;
          gridPos: { x: number; y: number; w: number; h: number };
        }[];
      };
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      for (const panel of panels) {
        if (panel.type !== 'row') expect(panel.description, panel.title).toMatch(/\S/);
        const { x, y, w, h } = panel.gridPos;
        expect(x + w, panel.title).toBeLessThanOrEqual(24);
        for (const other of panels) {
          if (other === panel) continue;
          const o = other.gridPos;
          const apart = x + w <= o.x || o.x + o.w <= x || y + h <= o.y || o.y + o.h <= y;
          expect(apart, `${panel.title} and ${other.title}`).toBe(true);
        }
      }
    },
  );

  it('choose by variables, bound the time, and sample no finer than a second', () => {
    for (const query of dashboardQueries().filter(({ kind }) => kind === 'panel')) {
      const where = `${query.dashboard}, ${query.name}`;
      expect(query.rawSql, where).toMatch(/\$gpu|\$one_gpu|fleet_quantiles/);
      // A union's members lose their order.
      expect(query.rawSql, where).not.toMatch(/^SELECT ts AS time[\s\S]*\nUNION ALL\n/);
      if (query.rawSql.includes('$__interval')) expect(query.interval_ms, where).toBeGreaterThanOrEqual(1_000);
      // After a BETWEEN, QuestDB does not read IN (SELECT ...).
      expect(query.rawSql, where).not.toMatch(/\$__timeFilter\(\w+\) AND [^)]*IN \(SELECT/);
    }
  });
});

describe('provisioning', () => {
  const read = (...path: string[]): unknown =>
    parse(readFileSync(join(import.meta.dirname, 'provisioning', ...path), 'utf8'));

  it('brings the data source of the kind that the dashboards ask for', () => {
    const { datasources } = read('datasources', 'questdb.yaml') as { datasources: Record<string, unknown>[] };
    expect(datasources).toHaveLength(1);
    expect(datasources[0]).toMatchObject({
      type: DATA_SOURCE_TYPE,
      jsonData: { sslmode: 'disable', timescaledb: false },
    });
  });

  it('reads the folder of the dashboards', () => {
    const { providers } = read('dashboards', 'gpu-vitals.yaml') as { providers: { options: { path: string } }[] };
    expect(providers[0]?.options.path).toBe('/var/lib/grafana/dashboards/gpu-vitals');
  });
});
