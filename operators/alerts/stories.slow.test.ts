import { expect, it } from 'vitest';
import { fleetStream } from '../../bench/evaluate/fleet-stream.ts';
import { createFleet } from '../../bench/fleet/fleet.ts';
import { anyTimeTopology } from '../../pipeline/any-time-topology.fixture.ts';
import { settableClock } from '../../pipeline/clock.ts';
import type { Alert } from '../../pipeline/contract/alerts.ts';
import { hours, minutes, seconds } from '../../pipeline/contract/time.ts';
import { wireTopology } from '../../pipeline/run-topology.ts';
import type { SinkItems } from '../../pipeline/topology.ts';
import { GroupStates } from '../core/group-state.ts';
import { START_MS } from '../core/laws.fixture.ts';

/** What a simulated fleet's telemetry comes to, through the whole topology with its defaults. */
function alertsOf(stories: readonly string[]): { readonly alerts: Alert[]; readonly nodes: readonly string[] } {
  const fleet = createFleet({
    gpus: 200,
    seed: 5,
    start_ms: START_MS,
    interval_ms: seconds(10),
    stories: stories.map((story, i) => ({ story, gpu: 8 * (3 * i + 1) + 2, at_ms: START_MS + minutes(55) })),
  });
  const alerts: Alert[] = [];
  const wired = wireTopology<SinkItems>({
    topology: anyTimeTopology(),
    states: new GroupStates(),
    clock: settableClock(0),
    sinks: {
      alerts: {
        write: (alert) => {
          alerts.push(alert);
        },
        flush: async () => {},
        pressure: () => null,
        close: async () => {},
      },
    },
  });
  for (const [messages] of fleetStream(fleet, { to_ms: START_MS + hours(4), seed: 5 })) wired.push(messages);
  wired.finish(wired.watermark);
  const nodes = stories.map((_, i) => fleet.node_names[3 * i + 1] as string);
  return { alerts, nodes };
}

it('a fault is one alert with a sentence that says it, look-alikes are none', () => {
  const faults = ['fallen_off_bus', 'sbe_slow_burn', 'dbe_row_remap', 'straggler', 'driver_hang', 'cold_plate_decay'];
  const { alerts, nodes } = alertsOf([...faults, 'reboot', 'application_xid']);
  const told = nodes.map((node) => [...new Set(alerts.filter((one) => one.node === node).map(({ id }) => id))]);
  expect(told.map((ids) => ids.length)).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
  expect(alerts.every(({ node }) => nodes.includes(node))).toBe(true);
  const opened = told.slice(0, faults.length).map(([id]) => alerts.find((one) => one.id === id) as Alert);
  expect(opened.map(({ rule, severity }) => `${rule} ${severity}`)).toEqual([
    'gpu_fault critical',
    'gpu_fault critical',
    'gpu_fault critical',
    'straggler warning',
    'node_silent warning',
    'gpu_fault critical',
  ]);
  const says = [
    /^GPU-\S+ \(slot 2\) on node \S+.*: XID 79 \(GPU has fallen off the bus\) at 2026-01-01 00:5\d:\d\d UTC\.$/,
    /Corrected memory errors came at up to [\d.]+ per second \(limit .*\), since 2026-01-01T0/,
    /XID 48 \(double bit ECC error\) at 2026-01-01 00:5/,
    /sm_clock_mhz is .* % below the median .* peers of job .* it holds up the job\.$/,
    /^Nothing from \S+ since 2026-01-01T00:5/,
    /[Tt]emperature .*(fell to|reached) -?\d+ C/,
  ];
  for (const [i, { summary, action_text, node }] of opened.entries()) {
    expect(summary).toMatch(says[i] as RegExp);
    expect(summary).toContain(node);
    expect(action_text.length).toBeGreaterThan(20);
  }
  for (const id of new Set(alerts.map((one) => one.id))) {
    const rows = alerts.filter((one) => one.id === id);
    expect(rows.filter(({ state }) => state === 'closed').length).toBeLessThanOrEqual(1);
    expect(new Set(rows.map(({ state, severity }) => `${state} ${severity}`)).size).toBe(rows.length);
  }
});

it('a domain of links is told as a domain, beside its boards, which it names', () => {
  const { alerts } = alertsOf(['nvswitch_domain']);
  const domain = alerts.find(({ rule }) => rule === 'incident');
  expect(domain).toMatchObject({ severity: 'critical', category: 'fabric', gpu_uuid: '', source: 'incidents' });
  expect(domain?.summary).toMatch(/^8 of 8 GPUs of NVLink domain \S+ show link errors/);
  const boards = alerts.filter(({ rule, state }) => rule === 'gpu_fault' && state === 'open');
  expect(boards.length).toBe(8);
  expect(boards.every(({ node }) => node === domain?.node)).toBe(true);
});
