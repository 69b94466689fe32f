import { describe, expect, it } from 'vitest';
import type { HealthGrade } from '../pipeline/contract/events.ts';
import {
  type FleetGroup,
  fleetGroups,
  type GroupMember,
  type GroupVerdicts,
  type NodeTrouble,
} from './fleet-groups.ts';

const GRADES: readonly HealthGrade[] = ['excellent', 'good', 'fair', 'degraded', 'poor', 'critical', 'unknown'];

/** Mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function drawn(seed: number): { members: GroupMember[]; troubles: NodeTrouble[]; verdicts: GroupVerdicts } {
  const next = random(seed);
  const whole = (below: number): number => Math.floor(next() * below);
  const maybe = (value: number): number => (next() < 0.2 ? Number.NaN : value);
  const members: GroupMember[] = [];
  const verdicts = { health: [], predictions: [], decisions: [] } as {
    -readonly [K in keyof GroupVerdicts]: GroupVerdicts[K][number][];
  };
  for (let board = 0; board < 12; board++) {
    const gpu_uuid = `GPU-${board}`;
    const instances = next() < 0.3 ? ['1', '2'] : [''];
    for (const instance of instances) {
      members.push({
        gpu_uuid,
        instance,
        node: `n${whole(4)}`,
        group: `g${whole(3)}`,
        stale: next() < 0.2,
        gpu_temp_celsius: maybe(40 + whole(30)),
        power_watts: maybe(100 + whole(300)),
        util_ratio: maybe(next()),
        open_info: whole(2),
        open_warning: whole(2),
        open_critical: whole(2),
      });
      if (next() < 0.8) {
        const health_grade = GRADES[whole(7)] as HealthGrade;
        const overall_score = health_grade === 'unknown' ? null : whole(1_000) / 10;
        verdicts.health.push({ gpu_uuid, instance: next() < 0.1 ? '' : instance, overall_score, health_grade });
      }
      if (next() < 0.8) {
        verdicts.predictions.push({
          gpu_uuid,
          instance,
          failure_prob_7d: next() / 2,
          failure_prob_30d: 0.5 + next() / 2,
        });
      }
    }
    if (next() < 0.8)
      verdicts.decisions.push({ gpu_uuid, expected_value: whole(9_999), value_at_risk_usd_per_hour: next() });
  }
  const severities = ['info', 'warning', 'critical'] as const;
  const troubles = Array.from({ length: 3 }, () => ({
    node: `n${whole(5)}`,
    severity: severities[whole(3)] as NodeTrouble['severity'],
  }));
  return { members, troubles, verdicts };
}

/** The same, each figure on its own from all members. */
function slowly({ members, troubles, verdicts }: ReturnType<typeof drawn>): FleetGroup[] {
  return [...new Set(members.map(({ group }) => group))].sort().map((group) => {
    const own = members.filter((member) => member.group === group);
    const nodes = new Set(own.map(({ node }) => node));
    const live = own.filter(({ stale }) => !stale);
    const boards = [...new Set(own.map(({ gpu_uuid }) => gpu_uuid))];
    const measured = boards.flatMap((uuid) => {
      const first = live.find(
        (one) => one.gpu_uuid === uuid && !(Number.isNaN(one.gpu_temp_celsius) && Number.isNaN(one.power_watts)),
      );
      return first === undefined ? [] : [first];
    });
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    const mean = (values: readonly number[]): number | null =>
      values.length === 0 ? null : sum(values) / values.length;
    const known = (values: readonly number[]): number[] => values.filter((value) => !Number.isNaN(value));
    const scores = own.map((member) => ({
      member,
      score:
        verdicts.health.findLast((one) => one.gpu_uuid === member.gpu_uuid && one.instance === member.instance) ??
        verdicts.health.findLast((one) => one.gpu_uuid === member.gpu_uuid && one.instance === ''),
    }));
    const judged = scores.flatMap(({ member, score }) =>
      score?.overall_score == null
        ? []
        : [
            {
              gpu_uuid: member.gpu_uuid,
              instance: member.instance,
              node: member.node,
              overall_score: score.overall_score,
              health_grade: score.health_grade,
            },
          ],
    );
    const open = (severity: 'info' | 'warning' | 'critical'): number =>
      sum(own.map((member) => member[`open_${severity}`])) +
      troubles.filter((trouble) => nodes.has(trouble.node) && trouble.severity === severity).length;
    const foreseen = boards
      .map((uuid) => verdicts.predictions.filter(({ gpu_uuid }) => gpu_uuid === uuid))
      .filter((some) => some.length > 0);
    const decided = boards.flatMap((uuid) => verdicts.decisions.filter(({ gpu_uuid }) => gpu_uuid === uuid));
    const total = mean(judged.map(({ overall_score }) => overall_score));
    return {
      group,
      gpus: own.length,
      nodes_total: nodes.size,
      stale: own.length - live.length,
      power_watts: sum(known(measured.map(({ power_watts }) => power_watts))),
      mean_gpu_temp_celsius: mean(known(measured.map(({ gpu_temp_celsius }) => gpu_temp_celsius))),
      mean_gpu_util_ratio: mean(known(live.map(({ util_ratio }) => util_ratio))),
      open_info: open('info'),
      open_warning: open('warning'),
      open_critical: open('critical'),
      worst_severity: open('critical') ? 'critical' : open('warning') ? 'warning' : open('info') ? 'info' : null,
      grades: Object.fromEntries(
        GRADES.map((grade) => [
          grade,
          scores.filter(({ score }) => (score?.health_grade ?? 'unknown') === grade).length,
        ]),
      ) as FleetGroup['grades'],
      mean_score: total === null ? null : Math.round(total * 10) / 10,
      worst: judged.reduce<FleetGroup['worst']>(
        (worst, one) => (worst === null || one.overall_score < worst.overall_score ? one : worst),
        null,
      ),
      expected_failures_7d:
        foreseen.length === 0 ? null : sum(foreseen.map((some) => Math.max(...some.map((one) => one.failure_prob_7d)))),
      expected_failures_30d:
        foreseen.length === 0
          ? null
          : sum(foreseen.map((some) => Math.max(...some.map((one) => one.failure_prob_30d)))),
      expected_value_usd: decided.length === 0 ? null : sum(decided.map((one) => one.expected_value)),
      value_at_risk_usd_per_hour:
        decided.length === 0 ? null : sum(decided.map((one) => one.value_at_risk_usd_per_hour)),
    };
  });
}

describe('the fleet by group', () => {
  it('is what each figure is on its own', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const world = drawn(seed);
      const found = fleetGroups(world.members, world.troubles, world.verdicts);
      const expected = slowly(world);
      expect(found.map(({ group }) => group)).toEqual(expected.map(({ group }) => group));
      found.forEach((group, i) => {
        for (const [name, value] of Object.entries(expected[i] as object)) {
          const got = group[name as keyof FleetGroup];
          if (typeof value === 'number') expect(got, `${seed} ${name}`).toBeCloseTo(value, 9);
          else expect(got, `${seed} ${name}`).toEqual(value);
        }
      });
    }
  });

  it('is nothing of nobody', () => {
    expect(
      fleetGroups([], [{ node: 'n1', severity: 'critical' }], { health: [], predictions: [], decisions: [] }),
    ).toEqual([]);
  });
});
