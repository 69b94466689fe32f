import { describe, expect, it } from 'vitest';
import { XID_CODES, xidEntry } from '../../pipeline/contract/xids.ts';
import { primaryXid } from './primary-xid.ts';
import { type RecoveryFacts, recoveryAction } from './recovery-action.ts';

const QUIET: RecoveryFacts = {
  xids: [],
  severity: 'warning',
  category: 'unknown',
  verdict: null,
  anomaly: null,
  recovery_action: 0,
  remap_pending: false,
  remap_failed: false,
  fatal_bursts: 0,
  fatal_bursts_max: 5,
  repeat_window_text: '1 d',
  shared: null,
  back_after_text: null,
};

describe('recoveryAction', () => {
  it.each<[string, Partial<RecoveryFacts>, string, RegExp]>([
    ['nothing known', {}, 'none', /goes on/],
    ['the remedy of the code', { xids: [79] }, 'reboot_node', /XID 79/],
    ['the gravest remedy of several', { xids: [31, 119, 79] }, 'reboot_node', /XID 79/],
    ['what follows asks for nothing', { xids: [94, 63, 45, 154] }, 'restart_application', /XID 94/],
    ['an uncorrectable error with a remap', { xids: [48, 63], category: 'memory' }, 'drain_and_reset', /remap/],
    ['a pending remap', { xids: [63], category: 'memory', remap_pending: true }, 'drain_and_reset', /waits/],
    [
      'a pending remap beside a driver error',
      { xids: [119], category: 'driver', remap_pending: true },
      'reset_gpu',
      /119/,
    ],
    ['a failed remap', { xids: [64], category: 'memory', remap_failed: true }, 'replace_gpu', /could not be remapped/],
    [
      'a failed remap beside a program fault',
      { xids: [31], category: 'application', remap_failed: true },
      'restart_application',
      /31/,
    ],
    ['too many critical ones', { xids: [119], fatal_bursts: 5 }, 'replace_gpu', /5 times within 1 d/],
    [
      'too many critical ones, on half of the node',
      { xids: [79], fatal_bursts: 5, back_after_text: '2 h', shared: '4 of 8 GPUs of n show XID 79' },
      'reboot_node',
      /XID 79.*; 4 of 8 GPUs of n show XID 79, so look at what they share/,
    ],
    ['not cured by a reset', { xids: [119], back_after_text: '2 h' }, 'reboot_node', /2 h after a reset/],
    ['memory not cured by a reset', { xids: [95], back_after_text: '2 h' }, 'replace_gpu', /2 h after a reset/],
    [
      'the program, whatever a reset did',
      { xids: [31], back_after_text: '2 h', verdict: { by: 'application', evidence: 'on 4 GPUs' } },
      'restart_application',
      /on 4 GPUs/,
    ],
    ['the GPU', { xids: [31], verdict: { by: 'hardware', evidence: 'two jobs' } }, 'drain_and_reset', /two jobs/],
    ['an anomaly', { anomaly: { action: 'reboot_node', reason: 'it is lost' } }, 'reboot_node', /it is lost/],
    ['the driver asks for a reset', { xids: [79], recovery_action: 1 }, 'reset_gpu', /driver asks/],
    ['the driver asks for a reboot', { xids: [31], recovery_action: 2 }, 'reboot_node', /driver asks/],
    ['the driver asks for a partial drain', { recovery_action: 3 }, 'drain_and_reset', /driver asks/],
    ['the driver asks for a drain', { recovery_action: 4 }, 'drain_and_reset', /driver asks/],
    ['the driver asks for what nobody knows', { xids: [79], recovery_action: 9 }, 'reboot_node', /XID 79/],
    [
      'the driver asks, the history knows more',
      { xids: [95], category: 'memory', recovery_action: 1, remap_failed: true },
      'replace_gpu',
      /^the driver asks for the first \(recovery action 1\), and a weak memory row could not be remapped$/,
    ],
  ])('%s', (_, facts, action, reason) => {
    const recovery = recoveryAction({ ...QUIET, ...facts });
    expect(recovery.action).toBe(action);
    expect(recovery.reason).toMatch(reason);
  });
});

describe('primaryXid', () => {
  it.each<[number[], number | null]>([
    [[], null],
    [[45], 45],
    [[43, 45], 43],
    [[45, 31], 31],
    [[63, 48, 94], 48],
    [[48, 145], 145],
    [[171, 48], 48],
    [[171, 94], 171],
    [[119, 79, 74], 79],
    [[31, 13], 31],
    [[13, 79], 79],
    [[9_999, 31], 9_999],
    [[9_999, 45], 9_999],
  ])('of %j is %s', (codes, primary) => {
    expect(primaryXid(codes)).toBe(primary);
  });

  it('is one of any two codes, whatever their order, unless they are equally grave', () => {
    for (const a of XID_CODES) {
      for (const b of XID_CODES) {
        const one = primaryXid([a, b]);
        const other = primaryXid([b, a]);
        expect([a, b]).toContain(one);
        if (one !== other) expect(xidEntry(a).severity).toBe(xidEntry(b).severity);
      }
    }
  });
});
