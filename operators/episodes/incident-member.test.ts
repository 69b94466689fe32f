import { describe, expect, it } from 'vitest';
import type { Anomaly, Episode, Incident, Severity } from '../../pipeline/contract/events.ts';
import { GroupState } from '../core/group-state.ts';
import { keepForFleet } from '../core/keep-for-fleet.fixture.ts';
import { START_MS } from '../core/laws.fixture.ts';
import { runFleet } from '../core/run-fleet.ts';
import { at, brief, episode, FLEET, OPTIONS } from './incidents.fixture.ts';
import { incidents } from './incidents.ts';

/** A desk that hears of things one after the other, each at its second. */
function desk() {
  const fleet = new GroupState(0);
  const operator = incidents(OPTIONS);
  const told: Incident[] = [];
  const take = (input: string, item: Anomaly | Episode, s: number): void => {
    keepForFleet('i', operator, fleet, input, item, at(s));
    runFleet('i', operator, fleet, { began: START_MS, now: at(s) + OPTIONS.delay + 1 }, (_, one) => told.push(one));
  };
  for (const one of FLEET) keepForFleet('i', operator, fleet, 'assets', one, START_MS);
  return { told, take };
}

function anomaly(what: {
  readonly type: string;
  readonly node: string;
  readonly gpu_uuid?: string;
  readonly opened: number;
  readonly severity: Severity;
  readonly closed?: number;
}): Anomaly {
  const { opened, closed, ...rest } = what;
  return {
    ts: at(opened),
    gpu_uuid: '',
    instance: '',
    id: `${what.type} ${what.node}`,
    metric: '',
    score: 1,
    observed: 1,
    expected: 1,
    window: '',
    detector: 'test',
    explanation: '',
    state: closed === undefined ? 'open' : 'closed',
    opened_at: at(opened),
    closed_at: closed === undefined ? null : at(closed),
    ...rest,
  };
}

describe('silent nodes in incidents', () => {
  const silent = (node: string, opened: number, severity: Severity, closed?: number): Anomaly =>
    anomaly({ type: 'node_silent', node, opened, severity, ...(closed === undefined ? {} : { closed }) });

  it('are heard of over the fleet; a single one opens nothing as long as it is a warning', () => {
    const { told, take } = desk();
    take('anomalies', silent('h1', 10, 'warning'), 10);
    expect(told).toEqual([]);
    take('anomalies', silent('h2', 40, 'warning'), 40);
    expect(brief(told)).toEqual(['rack rack-h unknown critical none open 0 GPUs 2 nodes']);
    take('anomalies', silent('h1', 10, 'warning', 600), 600);
    take('anomalies', silent('h2', 40, 'warning', 700), 700);
    expect(brief(told)).toEqual(['rack rack-h unknown critical none closed 0 GPUs 2 nodes']);
    expect(told.at(-1)?.closed_at).toBe(at(700));
    expect(told[0]?.evidence[0]).toBe('node_silent on 2 nodes, within 30 s from 2026-01-01 00:00:10 UTC on.');
    take('anomalies', silent('h4', 5_000, 'warning'), 5_000);
    take('anomalies', silent('h4', 5_000, 'critical'), 5_000);
    expect(brief(told)[1]).toBe('node h4 unknown critical none open 0 GPUs 1 nodes');
  });

  it('are nothing while they may reboot, however many', () => {
    const { told, take } = desk();
    for (const node of ['h1', 'h2', 'h3']) take('anomalies', silent(node, 10, 'info'), 10);
    for (const node of ['h1', 'h2', 'h3']) take('anomalies', silent(node, 10, 'info', 200), 200);
    expect(told).toEqual([]);
  });

  it('meet although each is told as a warning at another moment, long after it began', () => {
    const { told, take } = desk();
    take('anomalies', silent('h1', 10, 'warning'), 190);
    take('anomalies', silent('h2', 70, 'warning'), 250);
    expect(brief(told)).toEqual(['rack rack-h unknown critical none open 0 GPUs 2 nodes']);
  });
});

describe('lost GPUs in incidents', () => {
  const lost = (gpu: string, opened: number, closed?: number): Anomaly => {
    const place = { node: gpu.split('/')[0] as string, gpu_uuid: `GPU-${gpu}` };
    return anomaly({
      type: 'gpu_lost',
      ...place,
      opened,
      severity: 'critical',
      ...(closed === undefined ? {} : { closed }),
    });
  };
  const story = (gpu: string): Episode => episode({ at: 10, gpu, anomalies: ['gpu_lost'], category: 'bus' });

  it('that report from another node close the incident, although their episode never hears of it', () => {
    const { told, take } = desk();
    take('episodes', story('h1/3'), 10);
    expect(brief(told)).toEqual(['gpu GPU-h1/3 bus critical reset_gpu open 1 GPUs 1 nodes']);
    take('moves', lost('h1/3', 10), 20);
    take('moves', lost('h1/4', 10, 500), 500);
    take('moves', { ...lost('h1/3', 10, 500), node: 'h2' }, 500);
    expect(told).toHaveLength(1);
    take('moves', lost('h1/3', 10, 600), 600);
    expect(brief(told)).toEqual(['gpu GPU-h1/3 bus critical reset_gpu closed 1 GPUs 1 nodes']);
    expect(told.at(-1)?.closed_at).toBe(at(600));
  });

  it('that moved before they were found lost close it at its own beginning', () => {
    const { told, take } = desk();
    take('episodes', story('h1/3'), 10);
    take('moves', lost('h1/3', 10, 10), 10);
    expect(told.map(({ state, closed_at }) => [state, closed_at])).toEqual([
      ['open', null],
      ['closed', at(10)],
    ]);
  });

  it('leave an incident open for the others', () => {
    const { told, take } = desk();
    const all = ['h1/0', 'h1/1', 'h1/2', 'h1/3', 'h1/4', 'h1/5'];
    for (const gpu of all) take('episodes', story(gpu), 10);
    take('moves', lost('h1/0', 10, 300), 300);
    expect(brief(told)).toEqual(['node h1 bus critical reboot_node open 6 GPUs 1 nodes']);
    for (const gpu of all) take('moves', lost(gpu, 10, 400), 400);
    expect(told.at(-1)).toMatchObject({ state: 'closed', closed_at: at(400) });
  });
});
