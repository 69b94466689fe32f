import type { RecoveryAction, Severity } from '../../pipeline/contract/events.ts';
import { xidEntry } from '../../pipeline/contract/xids.ts';
import type { Verdict } from './fault-spread.ts';
import { primaryXid, unexplainedXids } from './primary-xid.ts';

/** What decides on the way back to health. */
export interface RecoveryFacts {
  readonly xids: readonly number[];
  readonly severity: Severity;
  readonly category: string;
  /** Who is to blame where a program or the GPU could be, with the evidence; null while nobody can tell. */
  readonly verdict: Verdict | null;
  /** What the anomalies ask for when they are critical. */
  readonly anomaly: { readonly action: RecoveryAction; readonly reason: string } | null;
  /** DCGM field 1523 as last read, 0 for none or never read. */
  readonly recovery_action: number;
  readonly remap_pending: boolean;
  readonly remap_failed: boolean;
  /** Bursts of critical XIDs within the repeat window, and how many make a GPU one to replace. */
  readonly fatal_bursts: number;
  readonly fatal_bursts_max: number;
  readonly repeat_window_text: string;
  /** Which boards of the node show the same, when it is half of them: what they share is to blame, and no board's history counts. */
  readonly shared: string | null;
  /** How long after a reset the same trouble was back; null when it was not. */
  readonly back_after_text: string | null;
}

export interface Recovery {
  readonly action: RecoveryAction;
  /** What the driver asks for before a replacement, which cures nothing; absent where nothing comes first. */
  readonly contain?: RecoveryAction;
  /** Why, as the rest of a sentence. */
  readonly reason: string;
}

/** From the gentlest to the gravest. */
const RANK: Readonly<Record<RecoveryAction, number>> = {
  none: 0,
  restart_application: 1,
  reset_gpu: 2,
  drain_and_reset: 3,
  reboot_node: 4,
  replace_gpu: 5,
};

/** What the driver can ask for; a partial drain (3) is taken as a drain with reset. */
const DRIVER_ASKS: Readonly<Record<number, RecoveryAction>> = {
  1: 'reset_gpu',
  2: 'reboot_node',
  3: 'drain_and_reset',
  4: 'drain_and_reset',
};

/** It carries the driver's request in its text, which no exporter passes on. */
const ACTION_CHANGED_XID = 154;

/** The gravest of two. */
export const graverAction = (a: RecoveryAction, b: RecoveryAction): RecoveryAction => (RANK[a] >= RANK[b] ? a : b);

/**
 * What to do about a story, and why. The driver's own request (field 1523) comes first; then what the GPU's history says:
 * failed remaps, repeats, trouble that a reset did not cure, unless half of the node shows it; then who is to blame; then the catalogue. A GPU to replace stays
 * one whatever the driver asks for: that only contains the fault until then. Pure, O(codes).
 */
export function recoveryAction(facts: RecoveryFacts): Recovery {
  const asked = DRIVER_ASKS[facts.recovery_action];
  const own = fromHistory(facts) ?? fromBlame(facts) ?? fromCatalogue(facts);
  if (asked === undefined) return own;
  const code = `(recovery action ${facts.recovery_action})`;
  return own.action === 'replace_gpu'
    ? { action: own.action, contain: asked, reason: `the driver asks for the first ${code}, and ${own.reason}` }
    : { action: asked, reason: `the driver asks for it ${code}` };
}

function fromHistory(facts: RecoveryFacts): Recovery | null {
  if (facts.category === 'memory' && facts.remap_failed) {
    return { action: 'replace_gpu', reason: 'a weak memory row could not be remapped' };
  }
  if (facts.shared !== null) {
    const { action, reason } = fromCatalogue(facts);
    return { action, reason: `${reason}; ${facts.shared}, so look at what they share before any of them is replaced` };
  }
  if (facts.fatal_bursts >= facts.fatal_bursts_max) {
    const reason = `critical XIDs came ${facts.fatal_bursts} times within ${facts.repeat_window_text}`;
    return { action: 'replace_gpu', reason };
  }
  if (facts.back_after_text !== null && facts.verdict?.by !== 'application') {
    const primary = primaryXid(facts.xids);
    const next = primary === null ? 'drain_and_reset' : xidEntry(primary).next;
    const reason = `it was back ${facts.back_after_text} after a reset`;
    return { action: graverAction(next, fromCatalogue(facts).action), reason };
  }
  return null;
}

function fromBlame({ verdict }: RecoveryFacts): Recovery | null {
  if (verdict === null) return null;
  return verdict.by === 'application'
    ? { action: 'restart_application', reason: `the program is to blame, not the GPU: ${verdict.evidence}` }
    : { action: 'drain_and_reset', reason: `the GPU is suspect and wants a diagnosis: ${verdict.evidence}` };
}

function fromCatalogue(facts: RecoveryFacts): Recovery {
  const { xids } = facts;
  if (xids.includes(48) && (xids.includes(63) || xids.includes(64))) {
    return {
      action: 'drain_and_reset',
      reason: 'an uncorrectable error led to a remap, which counts from the next reset',
    };
  }
  let best: Recovery = facts.anomaly ?? { action: 'none', reason: 'the GPU goes on by itself' };
  for (const code of unexplainedXids(xids)) {
    const { first, name } = xidEntry(code);
    if (RANK[first] > RANK[best.action])
      best = { action: first, reason: `that is the remedy for XID ${code} (${name})` };
  }
  if (best.action === 'none' && facts.anomaly === null && unexplainedXids(xids).includes(ACTION_CHANGED_XID)) {
    return {
      action: 'none',
      reason: `the log line of XID ${ACTION_CHANGED_XID} says which recovery the driver asks for`,
    };
  }
  if (facts.category === 'memory' && facts.remap_pending && RANK[best.action] < RANK.drain_and_reset) {
    return { action: 'drain_and_reset', reason: 'a remap waits for the next reset' };
  }
  return best;
}
