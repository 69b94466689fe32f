import type { RecoveryAction, Severity } from './events.ts';

export type XidCategory =
  | 'memory'
  | 'thermal'
  | 'power'
  | 'bus'
  | 'fabric'
  | 'driver'
  | 'application'
  | 'sensor'
  | 'unknown';

/** What an XID code means and asks for. */
export interface XidEntry {
  readonly xid: number;
  /** Short name, lower case where it is no proper name. */
  readonly name: string;
  readonly severity: Severity;
  readonly category: XidCategory;
  /** What to do at its first appearance. */
  readonly first: RecoveryAction;
  /** What to do when that did not help. */
  readonly next: RecoveryAction;
  /** In plain words, where there is more to say than the name does; else empty. */
  readonly meaning: string;
  /** Codes that it follows from when they are there too: then it is no story of its own. `any`: whatever else is there. */
  readonly follows: readonly number[] | 'any' | null;
  /** Whether a faulty program alone can cause it on healthy hardware. */
  readonly by_application: boolean;
}

type Row = readonly [
  xid: number,
  name: string,
  severity: Severity,
  category: XidCategory,
  first: RecoveryAction,
  next: RecoveryAction,
];

/**
 * The codes of NVIDIA's XID catalogue up to 173. Severity follows its immediate action: resets and reboots are critical, what
 * restarts or investigates is a warning, what is ignored is info. Video, copy and JPEG engines count as application: their
 * exceptions end with the program, and hardware shows by repeating (operators/episodes).
 */
// biome-ignore format: a table, one row a code
const ROWS: readonly Row[] = [
  [1, 'invalid push buffer stream', 'warning', 'application', 'none', 'reset_gpu'],
  [2, 'invalid push buffer stream', 'warning', 'application', 'none', 'reset_gpu'],
  [3, 'invalid push buffer stream', 'warning', 'application', 'none', 'reset_gpu'],
  [4, 'invalid push buffer stream', 'warning', 'application', 'none', 'reset_gpu'],
  [5, 'channel FIFO run-out overflow', 'info', 'driver', 'none', 'none'],
  [6, 'invalid push buffer stream', 'warning', 'application', 'none', 'reset_gpu'],
  [7, 'invalid push buffer address', 'warning', 'application', 'none', 'reset_gpu'],
  [8, 'GPU stopped processing', 'warning', 'driver', 'restart_application', 'drain_and_reset'],
  [9, 'driver error programming GPU', 'warning', 'driver', 'reboot_node', 'replace_gpu'],
  [10, 'channel single-step error', 'info', 'driver', 'none', 'none'],
  [11, 'invalid push buffer stream', 'warning', 'application', 'restart_application', 'restart_application'],
  [12, 'driver error handling GPU exception', 'warning', 'driver', 'reboot_node', 'replace_gpu'],
  [13, 'graphics engine exception', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [14, 'simulated channel error', 'info', 'driver', 'none', 'none'],
  [15, 'channel scanline timeout', 'info', 'driver', 'none', 'none'],
  [16, 'display engine hung', 'warning', 'driver', 'reboot_node', 'replace_gpu'],
  [17, 'channel parameter error', 'info', 'driver', 'none', 'none'],
  [18, 'bus mastering off in PCI configuration', 'warning', 'bus', 'reboot_node', 'replace_gpu'],
  [19, 'display engine error', 'warning', 'driver', 'reboot_node', 'replace_gpu'],
  [20, 'invalid MPEG push buffer', 'warning', 'application', 'none', 'reset_gpu'],
  [21, 'invalid motion estimation push buffer', 'warning', 'application', 'none', 'reset_gpu'],
  [22, 'invalid video processor push buffer', 'warning', 'application', 'none', 'reset_gpu'],
  [23, 'channel error logging enabled', 'info', 'driver', 'none', 'none'],
  [24, 'GPU semaphore timeout', 'warning', 'driver', 'none', 'reset_gpu'],
  [25, 'illegal push buffer stream', 'warning', 'application', 'restart_application', 'restart_application'],
  [26, 'framebuffer timeout', 'warning', 'memory', 'reboot_node', 'replace_gpu'],
  [27, 'video processor exception', 'warning', 'application', 'reboot_node', 'replace_gpu'],
  [28, 'video processor exception', 'warning', 'application', 'reboot_node', 'replace_gpu'],
  [29, 'video processor exception', 'warning', 'application', 'reboot_node', 'replace_gpu'],
  [30, 'GPU semaphore access error', 'warning', 'driver', 'reboot_node', 'replace_gpu'],
  [31, 'GPU memory page fault', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [32, 'invalid push buffer stream', 'warning', 'application', 'restart_application', 'restart_application'],
  [33, 'internal micro-controller error', 'warning', 'driver', 'reboot_node', 'replace_gpu'],
  [34, 'video processor exception', 'warning', 'application', 'reboot_node', 'replace_gpu'],
  [35, 'video processor exception', 'warning', 'application', 'reboot_node', 'replace_gpu'],
  [36, 'video processor exception', 'warning', 'application', 'reboot_node', 'replace_gpu'],
  [37, 'driver firmware error', 'warning', 'driver', 'none', 'restart_application'],
  [38, 'driver firmware error', 'warning', 'driver', 'none', 'reset_gpu'],
  [39, 'copy engine exception', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [40, 'copy engine exception', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [41, 'copy engine exception', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [42, 'video processor exception', 'warning', 'application', 'reboot_node', 'replace_gpu'],
  [43, 'GPU stopped processing', 'info', 'application', 'none', 'restart_application'],
  [44, 'graphics engine fault during context switch', 'warning', 'driver', 'none', 'reset_gpu'],
  [45, 'cleanup after an earlier error', 'info', 'application', 'none', 'restart_application'],
  [46, 'GPU stopped processing', 'critical', 'driver', 'reset_gpu', 'replace_gpu'],
  [47, 'video processor exception', 'warning', 'application', 'reboot_node', 'replace_gpu'],
  [48, 'double bit ECC error', 'critical', 'memory', 'reset_gpu', 'drain_and_reset'],
  [49, 'silent running: level set by registry', 'info', 'driver', 'none', 'none'],
  [50, 'silent running: level changed by a channel error', 'info', 'driver', 'none', 'none'],
  [51, 'silent running: stress test failed', 'info', 'driver', 'none', 'none'],
  [52, 'silent running: level changed by temperature', 'info', 'thermal', 'none', 'none'],
  [53, 'silent running: clocks lowered by temperature', 'info', 'thermal', 'none', 'none'],
  [54, 'auxiliary power not connected', 'warning', 'power', 'none', 'replace_gpu'],
  [55, 'silent running: temperature not readable', 'info', 'sensor', 'none', 'none'],
  [56, 'display engine error', 'warning', 'driver', 'none', 'reset_gpu'],
  [57, 'video memory interface not programmable', 'warning', 'memory', 'none', 'reset_gpu'],
  [58, 'video memory interface unstable', 'warning', 'memory', 'none', 'reset_gpu'],
  [59, 'internal micro-controller error', 'warning', 'driver', 'reboot_node', 'replace_gpu'],
  [60, 'video processor exception', 'warning', 'application', 'restart_application', 'reset_gpu'],
  [61, 'internal micro-controller warning', 'warning', 'driver', 'reboot_node', 'replace_gpu'],
  [62, 'internal micro-controller halt', 'critical', 'driver', 'reset_gpu', 'replace_gpu'],
  [63, 'memory row remapped', 'warning', 'memory', 'none', 'drain_and_reset'],
  [64, 'memory row remap failed', 'critical', 'memory', 'reset_gpu', 'replace_gpu'],
  [65, 'video processor exception', 'warning', 'application', 'reboot_node', 'replace_gpu'],
  [66, 'illegal access by driver', 'warning', 'driver', 'none', 'reset_gpu'],
  [67, 'illegal access by driver', 'warning', 'driver', 'none', 'reset_gpu'],
  [68, 'NVDEC0 exception', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [69, 'graphics engine class error', 'warning', 'application', 'restart_application', 'restart_application'],
  [70, 'copy engine 3 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [71, 'copy engine 4 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [72, 'copy engine 5 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [73, 'NVENC2 error', 'warning', 'application', 'none', 'reset_gpu'],
  [74, 'NVLink error', 'critical', 'fabric', 'reset_gpu', 'drain_and_reset'],
  [75, 'copy engine 6 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [76, 'copy engine 7 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [77, 'copy engine 8 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [78, 'vGPU start error', 'warning', 'driver', 'none', 'none'],
  [79, 'GPU has fallen off the bus', 'critical', 'bus', 'reboot_node', 'replace_gpu'],
  [80, 'corrupted data sent to GPU', 'warning', 'application', 'restart_application', 'restart_application'],
  [81, 'VGA subsystem error', 'warning', 'driver', 'drain_and_reset', 'replace_gpu'],
  [82, 'NVJPG0 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [83, 'NVDEC1 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [84, 'NVDEC2 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [85, 'copy engine 9 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [86, 'OFA exception', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [87, 'driver telemetry report', 'info', 'driver', 'none', 'none'],
  [88, 'NVDEC3 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [89, 'NVDEC4 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [90, 'L2 cache error', 'info', 'memory', 'none', 'none'],
  [91, 'reserved code', 'info', 'unknown', 'none', 'none'],
  [92, 'high single bit ECC error rate', 'warning', 'memory', 'none', 'drain_and_reset'],
  [93, 'InfoROM wear limit passed', 'warning', 'unknown', 'none', 'reset_gpu'],
  [94, 'contained memory error', 'warning', 'memory', 'restart_application', 'drain_and_reset'],
  [95, 'uncontained memory error', 'critical', 'memory', 'reset_gpu', 'replace_gpu'],
  [96, 'NVDEC5 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [97, 'NVDEC6 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [98, 'NVDEC7 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [99, 'NVJPG1 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [100, 'NVJPG2 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [101, 'NVJPG3 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [102, 'NVJPG4 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [103, 'NVJPG5 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [104, 'NVJPG6 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [105, 'NVJPG7 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [106, 'SMBPBI test message', 'info', 'driver', 'none', 'none'],
  [107, 'SMBPBI silent test message', 'info', 'driver', 'none', 'none'],
  [108, 'NVLink remote translation error', 'info', 'fabric', 'none', 'reset_gpu'],
  [109, 'context switch timeout', 'critical', 'driver', 'reset_gpu', 'replace_gpu'],
  [110, 'security fault', 'critical', 'driver', 'reset_gpu', 'reboot_node'],
  [111, 'display bundle error event', 'warning', 'driver', 'none', 'reset_gpu'],
  [112, 'display supervisor error', 'warning', 'driver', 'none', 'reset_gpu'],
  [113, 'display port link training error', 'warning', 'driver', 'none', 'reset_gpu'],
  [114, 'display pipeline underflow error', 'warning', 'driver', 'none', 'reset_gpu'],
  [115, 'display core channel error', 'warning', 'driver', 'none', 'reset_gpu'],
  [116, 'display window channel error', 'warning', 'driver', 'none', 'reset_gpu'],
  [117, 'display cursor channel error', 'warning', 'driver', 'none', 'reset_gpu'],
  [118, 'display pixel pipeline error', 'warning', 'driver', 'none', 'reset_gpu'],
  [119, 'GSP RPC timeout', 'critical', 'driver', 'reset_gpu', 'reboot_node'],
  [120, 'GSP error', 'critical', 'driver', 'reset_gpu', 'reboot_node'],
  [121, 'C2C error', 'warning', 'fabric', 'none', 'reset_gpu'],
  [122, 'SPI flash read failure', 'warning', 'driver', 'none', 'reset_gpu'],
  [123, 'SPI flash write failure', 'warning', 'driver', 'reboot_node', 'replace_gpu'],
  [124, 'SPI flash erase failure', 'warning', 'driver', 'none', 'reset_gpu'],
  [125, 'InfoROM file system failure', 'warning', 'driver', 'none', 'reset_gpu'],
  [126, 'copy engine 10 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [127, 'copy engine 11 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [128, 'copy engine 12 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [129, 'copy engine 13 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [130, 'copy engine 14 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [131, 'copy engine 15 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [132, 'copy engine 16 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [133, 'copy engine 17 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [134, 'copy engine 18 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [135, 'copy engine 19 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [136, 'NVLink training failed', 'critical', 'fabric', 'reset_gpu', 'replace_gpu'],
  [137, 'NVLink privilege error', 'warning', 'fabric', 'none', 'restart_application'],
  [138, 'DLA channel error', 'warning', 'driver', 'none', 'reset_gpu'],
  [139, 'OFA1 error', 'warning', 'application', 'restart_application', 'drain_and_reset'],
  [140, 'unrecovered ECC error', 'critical', 'memory', 'reset_gpu', 'replace_gpu'],
  [141, 'CUDA fast path error', 'warning', 'driver', 'none', 'reset_gpu'],
  [142, 'NVENC3 error', 'warning', 'application', 'none', 'reset_gpu'],
  [143, 'GPU initialisation error', 'critical', 'driver', 'reset_gpu', 'replace_gpu'],
  [144, 'NVLink SAW error', 'warning', 'fabric', 'reset_gpu', 'drain_and_reset'],
  [145, 'NVLink RLW error', 'warning', 'fabric', 'reset_gpu', 'drain_and_reset'],
  [146, 'NVLink TLW error', 'warning', 'fabric', 'reset_gpu', 'drain_and_reset'],
  [147, 'NVLink TREX error', 'warning', 'fabric', 'reset_gpu', 'drain_and_reset'],
  [148, 'NVLink NVLPW error', 'warning', 'fabric', 'reset_gpu', 'drain_and_reset'],
  [149, 'NVLink NETIR error', 'warning', 'fabric', 'reset_gpu', 'drain_and_reset'],
  [150, 'NVLink MSE error', 'warning', 'fabric', 'reset_gpu', 'drain_and_reset'],
  [151, 'key rotation error', 'critical', 'driver', 'reboot_node', 'replace_gpu'],
  [152, 'DLA SMMU error', 'info', 'driver', 'none', 'none'],
  [153, 'DLA timeout error', 'info', 'driver', 'none', 'none'],
  [154, 'recovery action changed', 'warning', 'driver', 'none', 'reset_gpu'],
  [155, 'NVLink software defined error', 'warning', 'fabric', 'reset_gpu', 'drain_and_reset'],
  [156, 'resource retirement event', 'critical', 'memory', 'reset_gpu', 'none'],
  [157, 'resource retirement failure', 'warning', 'memory', 'none', 'replace_gpu'],
  [158, 'fatal GPU timeout', 'critical', 'driver', 'reset_gpu', 'replace_gpu'],
  [159, 'CHI non-data error', 'warning', 'fabric', 'none', 'reset_gpu'],
  [160, 'channel retirement event', 'warning', 'memory', 'none', 'reset_gpu'],
  [161, 'channel retirement failure', 'warning', 'memory', 'none', 'reset_gpu'],
  [162, 'power smoothing engaged again', 'info', 'power', 'none', 'none'],
  [163, 'power smoothing disengaged', 'warning', 'power', 'none', 'none'],
  [164, 'power smoothing lifetime low', 'warning', 'power', 'none', 'none'],
  [165, 'power smoothing lifetime used up', 'warning', 'power', 'none', 'replace_gpu'],
  [166, 'traffic before the link was set up for encryption', 'warning', 'fabric', 'none', 'reset_gpu'],
  [167, 'fatal PCIe timeout', 'critical', 'bus', 'reboot_node', 'replace_gpu'],
  [168, 'reduced memory capacity', 'warning', 'memory', 'none', 'drain_and_reset'],
  [169, 'internal micro-controller halt', 'critical', 'driver', 'reboot_node', 'replace_gpu'],
  [170, 'interrupt in confidential computing mode', 'warning', 'fabric', 'none', 'restart_application'],
  [171, 'uncorrectable DRAM error', 'critical', 'memory', 'reset_gpu', 'drain_and_reset'],
  [172, 'uncorrectable SRAM error', 'critical', 'memory', 'reset_gpu', 'drain_and_reset'],
  [173, 'C2C link failed', 'critical', 'fabric', 'reboot_node', 'replace_gpu'],
];

const MEANINGS: Readonly<Record<number, string>> = {
  13: 'A kernel did something illegal, most often an access out of bounds; on one GPU again and again it is the GPU.',
  31: 'A program touched memory that it has not mapped; on one GPU again and again it is the memory unit.',
  32: 'The command stream to the GPU was corrupted, by the program or on the way over PCIe.',
  43: 'A program stopped answering and was ended; the GPU itself goes on.',
  45: 'The driver ended a program because of something else; look for the code that came with it.',
  46: 'The GPU stopped working on a channel and cannot go on without a reset.',
  48: 'Memory returned data that ECC could not correct; whatever used it is lost.',
  54: 'The power plug of the board is not connected.',
  61: 'A controller inside the GPU met something unexpected; clocks may stay low until it is restarted.',
  62: 'A controller inside the GPU has halted; the GPU cannot be trusted until it is reset.',
  63: 'A weak memory row or page was taken out of use; the replacement counts from the next reset.',
  64: 'A weak memory row could not be replaced: the spare rows are used up, or writing the record failed.',
  68: 'The video decoder met an error, most often a broken stream.',
  69: 'A program used a graphics class in a way that the engine does not allow.',
  74: 'An NVLink connection failed: this GPU, its peer, the switch or the path between them.',
  79: 'The host can no longer reach the GPU over PCIe; power, heat, seating or the board.',
  80: 'Data arrived damaged at the GPU.',
  92: 'Corrected memory errors come faster than they should; the memory is wearing out.',
  94: 'An uncorrectable memory error hit one program only; others go on.',
  95: 'An uncorrectable memory error may have reached every program on the GPU.',
  109: 'The GPU could not switch between programs in time.',
  110: 'A security check inside the GPU failed.',
  119: 'The system processor of the GPU (GSP) did not answer the driver in time.',
  120: 'The system processor of the GPU (GSP) reported a failure of its own.',
  121: 'The chip-to-chip link between CPU and GPU had an error; corrected ones are harmless.',
  122: 'The board could not read its flash memory.',
  123: 'The board could not write its flash memory.',
  136: 'An NVLink did not come up.',
  137: 'A program reached for memory of a peer GPU without the right to; rarely a failing link.',
  140: 'An ECC error was found that the GPU could not recover from.',
  143: 'The GPU could not be initialised.',
  144: 'NVLink 5, memory side of the link: some kinds are harmless, some need a reset.',
  145: 'NVLink 5, remapping of link traffic: some kinds end the program, some need a reset.',
  146: 'NVLink 5, transport layer: some kinds are harmless, some need a reset.',
  147: 'NVLink 5, multicast engine.',
  148: 'NVLink 5, low power controller.',
  149: 'NVLink 5, network interface: mostly a link that went down, here or at the other end.',
  150: 'NVLink 5, management engine: it has degraded or hangs.',
  154: 'The driver now asks for another recovery action; the code that came with it tells why.',
  155: 'NVLink 5, raised by software; also when links are taken down on purpose.',
  156: 'A part of the GPU was taken out of use; it counts from the next reset.',
  158: 'The GPU did not answer in time and cannot go on.',
  167: 'PCIe did not answer in time and cannot go on.',
  171: 'Detail of an uncorrectable error: it was in DRAM.',
  172: 'Detail of an uncorrectable error: it was in SRAM.',
};

const UNCORRECTED = [48, 94, 95, 140, 171, 172] as const;

/** An effect, and its possible causes on the same GPU. Free of circles. */
const FOLLOWS: Readonly<Record<number, readonly number[] | 'any'>> = {
  43: 'any',
  45: 'any',
  154: 'any',
  8: [79],
  46: [79],
  62: [79],
  48: [144, 145, 146],
  63: [...UNCORRECTED, 92],
  64: [...UNCORRECTED, 92],
  74: [79],
  94: [48, 144, 146, 171, 172],
  95: [48, 144, 146, 171, 172],
  109: [79, 119, 120],
  119: [79, 62],
  120: [79, 62, 119],
  140: [48, 171, 172],
  145: [149],
  155: [149],
  156: UNCORRECTED,
  157: [156],
  158: [79, 119, 120],
  160: UNCORRECTED,
  161: [160],
  167: [79],
  171: [48],
  172: [48],
};

/** Beyond the category `application`: codes that illegal accesses of a program can bring about too. */
const BY_APPLICATION: ReadonlySet<number> = new Set([8, 44, 108, 137, 170]);

const ENTRIES: ReadonlyMap<number, XidEntry> = new Map(
  ROWS.map(([xid, name, severity, category, first, next]) => [
    xid,
    {
      xid,
      name,
      severity,
      category,
      first,
      next,
      meaning: MEANINGS[xid] ?? '',
      follows: FOLLOWS[xid] ?? null,
      by_application: category === 'application' || BY_APPLICATION.has(xid),
    },
  ]),
);

/** The known codes, ascending. */
export const XID_CODES: readonly number[] = ROWS.map(([xid]) => xid);

/** What is known of a code; of an unknown one that it is worth a look and nothing more. */
export function xidEntry(xid: number): XidEntry {
  return (
    ENTRIES.get(xid) ?? {
      xid,
      name: 'code unknown to the catalogue',
      severity: 'warning',
      category: 'unknown',
      first: 'none',
      next: 'reset_gpu',
      meaning: '',
      follows: null,
      by_application: false,
    }
  );
}
