/** Where the trouble was raised. */
export type Nvlink5Origin = 'HW' | 'SW' | 'HW/SW' | 'FW' | 'NA';
/** What to look at when it is seen again. */
export type Nvlink5Look =
  | 'nothing'
  | 'support'
  | 'support_if_alone'
  | 'support_if_daily'
  | 'link'
  | 'link_and_cables'
  | 'peer'
  | 'host'
  | 'software'
  | 'software_and_link';
/** What ends: the GPU's work, the link, or nothing. */
export type Nvlink5Fatal = 'no' | 'link' | 'gpu';

type Rule = readonly [
  sub: number,
  /** Null: whatever the status says. */
  error_status: number | null,
  first: 'none' | 'reset_gpu' | 'as_154_says',
  look: Nvlink5Look,
  fatal: Nvlink5Fatal,
  origin: Nvlink5Origin,
  /** Codes that it brings about on the same GPU. */
  brings: readonly number[],
  /** Whether the other end of the link may lose packets. */
  peer_loses_packets: boolean,
];

interface Unit {
  readonly xid: number;
  readonly unit: string;
  /** Lowest bits of `intrinfo`, as drivers before and since R575 lay them out. */
  readonly before_r575: string;
  readonly since_r575: string;
  readonly rules: readonly Rule[];
}

/**
 * What NVLink 5 units (B100, GB200) report with XIDs 144 to 150, after NVIDIA's XID catalogue: the unit stands in the low bits
 * of `intrinfo`, the kind of event in its bits 20 to 25, the error in `error status`.
 */
// biome-ignore format: a table, one row a rule
const UNITS: readonly Unit[] = [
  { xid: 144, unit: 'SAW_MVB', before_r575: '0000100001', since_r575: '0000001', rules: [
    [0b000000, 0x1, 'none', 'support', 'no', 'HW', [48, 94, 95], false],
    [0b000000, 0x2, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x4, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x8, 'none', 'support', 'no', 'HW', [48], false],
    [0b000000, 0x10, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x20, 'none', 'nothing', 'no', 'HW', [], false],
  ] },
  { xid: 145, unit: 'RLW_CTRL', before_r575: '0001100010', since_r575: '0000011', rules: [
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 145, unit: 'RLW_REMAP', before_r575: '0010000010', since_r575: '0000100', rules: [
    [0b000000, 0x1, 'as_154_says', 'support', 'no', 'SW', [45], false],
    [0b000000, 0x2, 'as_154_says', 'support', 'no', 'SW', [45], false],
    [0b000000, 0x4, 'as_154_says', 'link', 'no', 'SW', [45], false],
    [0b000000, 0x8, 'as_154_says', 'link', 'no', 'SW', [45], false],
    [0b000000, 0x10, 'as_154_says', 'link', 'no', 'SW', [45], false],
    [0b000000, 0x20, 'as_154_says', 'link', 'no', 'SW', [45], false],
    [0b000000, 0x40, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x80, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x100, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x200, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 145, unit: 'RLW_RSPCOL', before_r575: '0010100010', since_r575: '0000101', rules: [
    [0b000000, 0x1, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x2, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 145, unit: 'RLW_RXPIPE', before_r575: '00011000010', since_r575: '00000110', rules: [
    [0b000000, 0x1, 'none', 'support', 'no', 'SW', [], true],
    [0b000000, 0x2, 'none', 'support', 'no', 'SW', [], true],
    [0b000000, 0x4, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 145, unit: 'RLW_RXPIPE', before_r575: '0011000010', since_r575: '0000110', rules: [
    [0b000000, 0x8, 'none', 'support', 'no', 'HW/SW', [], false],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 145, unit: 'RLW_SRC_TRACK', before_r575: '0011100010', since_r575: '0000111', rules: [
    [0b000000, 0x1, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x2, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x4, 'as_154_says', 'nothing', 'no', 'HW/SW', [45], false],
    [0b000000, 0x8, 'as_154_says', 'nothing', 'no', 'HW/SW', [45], false],
    [0b000000, 0x10, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x20, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 145, unit: 'RLW_TAGSTATE', before_r575: '0100000010', since_r575: '0001000', rules: [
    [0b000000, 0x1, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x2, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x10000, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x20000, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x100000, 'reset_gpu', 'support', 'gpu', 'HW', [48, 45], true],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 146, unit: 'TLW_CTRL', before_r575: '0100100011', since_r575: '0001001', rules: [
    [0b000000, 0x1, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x2, 'none', 'support', 'no', 'HW', [48], false],
    [0b000000, 0x4, 'reset_gpu', 'support', 'gpu', 'HW', [48], true],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 146, unit: 'TLW_RX_PIPE0', before_r575: '0101000011', since_r575: '0001010', rules: [
    [0b000000, 0x1, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x2, 'none', 'support', 'no', 'HW', [48, 94, 95], false],
    [0b000000, 0x4, 'reset_gpu', 'support', 'gpu', 'HW', [48], true],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 146, unit: 'TLW_RX_PIPE1', before_r575: '0101000011', since_r575: '0001011', rules: [
    [0b000000, 0x1, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x2, 'none', 'support', 'no', 'HW', [48, 94, 95], false],
    [0b000000, 0x4, 'reset_gpu', 'support', 'gpu', 'HW', [48], true],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 146, unit: 'TLW_TX_PIPE0', before_r575: '0101100011', since_r575: '0001100', rules: [
    [0b000000, 0x1, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x2, 'none', 'support', 'no', 'HW', [48, 94, 95], false],
    [0b000000, 0x4, 'reset_gpu', 'support', 'gpu', 'HW', [48], true],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 146, unit: 'TLW_TX_PIPE1', before_r575: '0101100011', since_r575: '0001101', rules: [
    [0b000000, 0x1, 'none', 'nothing', 'no', 'HW', [], false],
    [0b000000, 0x2, 'none', 'support', 'no', 'HW', [48, 94, 95], false],
    [0b000000, 0x4, 'reset_gpu', 'support', 'gpu', 'HW', [48], true],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 147, unit: 'TREX', before_r575: '0110000100', since_r575: '0001110', rules: [
    [0b000000, 0x1, 'none', 'support', 'no', 'SW', [], false],
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 148, unit: 'NVLPW', before_r575: '0000000101', since_r575: '0001111', rules: [
    [0b000000, 0x80000000, 'none', 'support', 'no', 'SW', [], false],
  ] },
  { xid: 149, unit: 'NETIR_INT', before_r575: '0000000110', since_r575: '0011000', rules: [
    [0b000000, null, 'reset_gpu', 'support_if_alone', 'link', 'HW/SW', [], true],
  ] },
  { xid: 149, unit: 'NETIR_LINK_DOWN', before_r575: '0111000110', since_r575: '0010001', rules: [
    [0b000000, null, 'reset_gpu', 'support_if_alone', 'link', 'HW/SW', [], true],
    [0b000001, null, 'reset_gpu', 'support_if_daily', 'link', 'HW/SW', [], true],
    [0b000010, null, 'reset_gpu', 'link', 'link', 'HW/SW', [], true],
    [0b000100, null, 'reset_gpu', 'link', 'link', 'HW', [], true],
    [0b001010, null, 'reset_gpu', 'link', 'link', 'HW', [], true],
    [0b001111, null, 'reset_gpu', 'software', 'link', 'SW', [], true],
    [0b010000, null, 'reset_gpu', 'software_and_link', 'link', 'SW', [], true],
    [0b010001, null, 'reset_gpu', 'software', 'link', 'SW', [], true],
    [0b010010, null, 'reset_gpu', 'software_and_link', 'link', 'SW', [], true],
    [0b010101, null, 'reset_gpu', 'peer', 'link', 'HW/SW', [], true],
    [0b010110, null, 'reset_gpu', 'software', 'link', 'SW', [], true],
    [0b100000, null, 'reset_gpu', 'peer', 'link', 'HW/SW', [], true],
    [0b100001, null, 'reset_gpu', 'peer', 'link', 'HW/SW', [], true],
    [0b100010, null, 'reset_gpu', 'peer', 'link', 'HW/SW', [], true],
    [0b100011, null, 'reset_gpu', 'peer', 'link', 'HW', [], true],
    [0b100100, null, 'reset_gpu', 'peer', 'link', 'HW/SW', [], true],
    [0b100101, null, 'reset_gpu', 'peer', 'link', 'HW/SW', [], true],
    [0b100110, null, 'none', 'software', 'link', 'HW/SW', [], true],
    [0b101000, null, 'none', 'host', 'gpu', 'SW', [], true],
    [0b101010, null, 'reset_gpu', 'link_and_cables', 'link', 'HW', [], true],
    [0b101011, null, 'reset_gpu', 'link_and_cables', 'link', 'HW', [], true],
  ] },
  { xid: 149, unit: 'NETIR_BER_EVENT', before_r575: '1000100110', since_r575: '0010011', rules: [
    [0b000000, 0x0, 'none', 'link_and_cables', 'no', 'HW', [], false],
    [0b000000, 0x1, 'none', 'link_and_cables', 'no', 'HW', [], false],
    [0b000000, 0x2, 'none', 'link_and_cables', 'no', 'HW', [], false],
    [0b000000, 0x3, 'none', 'link_and_cables', 'no', 'HW', [], false],
  ] },
  { xid: 149, unit: 'NETIR_MFDE_EVENT', before_r575: '1001000110', since_r575: '0010100', rules: [
    [0b000000, 0x1, 'reset_gpu', 'support', 'gpu', 'HW/SW', [], true],
    [0b000000, 0x3, 'none', 'nothing', 'no', 'NA', [], false],
    [0b000000, 0x4, 'reset_gpu', 'support', 'gpu', 'HW/SW', [], true],
    [0b000000, 0x5, 'reset_gpu', 'support', 'gpu', 'HW/SW', [], true],
    [0b000000, 0x7, 'reset_gpu', 'support', 'gpu', 'HW/SW', [], true],
  ] },
  { xid: 150, unit: 'MSE_DEGRADED', before_r575: '0000000000', since_r575: '0000000', rules: [
    [0b000000, 0x0, 'reset_gpu', 'support', 'gpu', 'FW', [], false],
    [0b000000, 0xffffffff, 'reset_gpu', 'support', 'gpu', 'FW', [], false],
  ] },
  { xid: 150, unit: 'MSE_WATCHDOG', before_r575: '0000000000', since_r575: '0000000', rules: [
    [0b000000, 0x0, 'reset_gpu', 'support', 'gpu', 'FW', [], false],
  ] },
];

const DRIVER_OF_NEW_LAYOUT = 575;
const SUB_SHIFT = 20;
const SUB_MASK = 0b111111;

export interface Nvlink5Report {
  readonly xid: number;
  /** First and second hexadecimal field of the message, as unsigned 32-bit numbers. */
  readonly intrinfo: number;
  readonly error_status: number;
  /** Branch of the driver, such as 570 or 580. */
  readonly driver_branch: number;
}

export interface Nvlink5Verdict {
  readonly unit: string;
  readonly first: Rule[2];
  readonly look: Nvlink5Look;
  readonly fatal: Nvlink5Fatal;
  readonly origin: Nvlink5Origin;
  readonly brings: readonly number[];
  readonly peer_loses_packets: boolean;
}

const FATAL_RANK: Readonly<Record<Nvlink5Fatal, number>> = { no: 0, link: 1, gpu: 2 };

/** Whether a status tells what a rule is about: the same number (2), or, of several bits, the rule's one (1). */
function fits(rule: number | null, status: number): number {
  if (rule === null || rule === status) return 2;
  const one_bit = rule > 0 && Math.log2(rule) % 1 === 0;
  return one_bit && (status & rule) >>> 0 === rule ? 1 : 0;
}

/**
 * What a report of XID 144 to 150 means; null for what no rule describes. Of several errors at once the most fatal counts.
 * Pure; O(rules).
 */
export function decodeNvlink5(report: Nvlink5Report): Nvlink5Verdict | null {
  const newer = report.driver_branch >= DRIVER_OF_NEW_LAYOUT;
  const sub = (report.intrinfo >>> SUB_SHIFT) & SUB_MASK;
  const found = UNITS.flatMap(({ xid, unit, before_r575, since_r575, rules }) => {
    const bits = newer ? since_r575 : before_r575;
    if (xid !== report.xid || report.intrinfo % 2 ** bits.length !== Number.parseInt(bits, 2)) return [];
    return rules.flatMap((rule) => {
      const fit = rule[0] === sub ? fits(rule[1], report.error_status) : 0;
      return fit === 0 ? [] : [{ unit, rule, fit }];
    });
  });
  found.sort((a, b) => b.fit - a.fit || FATAL_RANK[b.rule[4]] - FATAL_RANK[a.rule[4]]);
  const best = found[0];
  if (best === undefined) return null;
  const [, , first, look, fatal, origin, brings, peer_loses_packets] = best.rule;
  return { unit: best.unit, first, look, fatal, origin, brings, peer_loses_packets };
}
