import { describe, expect, it } from 'vitest';
import { type DecidedBoard, fleetMoney } from './fleet-money.ts';

const board = (gpu_uuid: string, more: Partial<DecidedBoard> = {}): DecidedBoard => ({
  gpu_uuid,
  node: 'n',
  decision: 'keep',
  advice: 'keep',
  npv_keep: 100,
  expected_value: 100,
  value_at_risk_usd_per_hour: 1,
  rationale: '',
  ...more,
});

describe('fleet money', () => {
  it('adds up by decision and advice, and names the boards with the most at risk', () => {
    const told = fleetMoney(
      [
        board('c', { value_at_risk_usd_per_hour: 5, advice: 'rma' }),
        board('b', { value_at_risk_usd_per_hour: 5 }),
        board('a', { decision: 'sell', advice: 'sell', expected_value: 250, value_at_risk_usd_per_hour: 0 }),
        board('d', { value_at_risk_usd_per_hour: 0.25, npv_keep: -40, expected_value: -40 }),
      ],
      { top: 2 },
    );
    expect(told.total).toEqual({
      boards: 4,
      expected_value_usd: 410,
      gain_over_keep_usd: 150,
      value_at_risk_usd_per_hour: 10.25,
    });
    expect(told.by_decision.sell).toEqual({
      boards: 1,
      expected_value_usd: 250,
      gain_over_keep_usd: 150,
      value_at_risk_usd_per_hour: 0,
    });
    expect(told.by_advice.rma.boards).toBe(1);
    expect(told.by_advice.decommission).toEqual({
      boards: 0,
      expected_value_usd: 0,
      gain_over_keep_usd: 0,
      value_at_risk_usd_per_hour: 0,
    });
    expect(told.most_at_risk.map(({ gpu_uuid }) => gpu_uuid)).toEqual(['b', 'c']);
  });

  it('of nothing is nothing', () => {
    expect(fleetMoney([], { top: 5 })).toMatchObject({ total: { boards: 0, expected_value_usd: 0 }, most_at_risk: [] });
  });
});
