import { mergeAsset } from '../asset-merge.ts';
import { encodeScrape } from '../contract/encode-scrape.ts';
import type { Asset } from '../contract/events.ts';
import { rawSubject } from '../contract/ids.ts';
import { METRIC_COUNT, METRICS } from '../contract/metrics.ts';
import type { ScrapedGpu } from '../contract/scrape.ts';
import type { NewMessage } from './memory-streams.ts';
import { type Draw, seededDraw } from './seeded-random.ts';

/** A fleet's input, whole: what is stored, in the order in which it is. */
export interface Scenario {
  readonly seed: number;
  readonly raw: readonly NewMessage[];
  /** Changes of the inventory; each is stored before the message of that index. */
  readonly assets: readonly { readonly before: number; readonly message: NewMessage }[];
}

const START_MS = Date.UTC(2026, 0, 1);
const SETTLED_MS = 3_000;
/** The inventory's log keeps so many versions of an asset: an engine that was away longer sees the oldest of them come later. */
const VERSIONS_MAX = 4;

interface Board {
  readonly uuid: string;
  readonly instance: string;
  readonly home: number;
  /** Values around which it moves. */
  readonly usual: Float64Array;
}

/** What a fleet goes through; every one of them may be absent. In rounds of scrapes. */
interface Story {
  readonly hot: { readonly board: number; readonly from: number; readonly to: number } | null;
  readonly silent: { readonly node: number; readonly from: number; readonly to: number } | null;
  readonly failing: { readonly board: number; readonly from: number } | null;
  readonly moving: { readonly board: number; readonly at: number; readonly node: number } | null;
  readonly bad_share: number;
  readonly late_share: number;
  readonly text_share: number;
  readonly repeated_share: number;
}

/** Draws a small fleet and some tens of minutes of its life. The same seed gives the same bytes. */
export function drawScenario(seed: number): Scenario {
  const draw = seededDraw(seed, 1);
  const nodes = 2 + draw.below(4);
  const interval_ms = draw.pick([10_000, 15_000, 30_000]);
  const rounds = 70 + draw.below(60);
  const boards = drawBoards(draw, nodes);
  const story = drawStory(draw, { nodes, boards: boards.length, rounds });
  const raw: NewMessage[] = [];
  const assets: { before: number; message: NewMessage }[] = [];
  const known = new Map<string, Asset>();
  const versions = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const ts = START_MS + round * interval_ms;
    const { uuid: told_of } = draw.pick(boards);
    const version = (versions.get(told_of) ?? 0) + 1;
    if (draw.chance(0.04) && version <= VERSIONS_MAX) {
      versions.set(told_of, version);
      const told = { gpu_uuid: told_of, owner: `owner ${round}`, rack: `R${round % 4}` };
      const asset = mergeAsset(known.get(told_of), told, ts);
      known.set(told_of, asset);
      const stored = { subject: `vitals.gpu_assets.${told_of}`, data: Buffer.from(JSON.stringify(asset)), id: '' };
      const times = { arrived_at: ts - SETTLED_MS, event_time: ts - SETTLED_MS };
      assets.push({ before: raw.length, message: { ...stored, ...times, content_type: 'application/json' } });
    }
    for (let node = 0; node < nodes; node++) {
      const { silent } = story;
      if (silent?.node === node && round >= silent.from && round < silent.to) continue;
      if (draw.chance(0.02)) continue;
      const scraped = boards.flatMap((board, index) => {
        const { moving } = story;
        const moves = boards[moving?.board ?? -1]?.uuid === board.uuid;
        const at = moving !== null && moves && round >= moving.at ? moving.node : board.home;
        return at === node ? [scrapeBoard(draw, { board, index, round, story, ts })] : [];
      });
      raw.push(...messagesOf(draw, { node: `node-${node}`, ts, scraped, story, sequence: raw.length }));
    }
  }
  return { seed, raw, assets };
}

function drawBoards(draw: Draw, nodes: number): Board[] {
  const sliced = draw.chance(0.4);
  return Array.from({ length: nodes * (1 + draw.below(2)) }, (_, i) => i).flatMap((i) => {
    const usual = Float64Array.from(METRICS, ({ max, kind, unit }, m) => {
      if ((m * 7 + i) % 6 === 0) return Number.NaN;
      if (kind === 'counter') return 1_000 * (i + 1);
      if (kind !== 'gauge' || unit === 'enum') return 0;
      return max === 1 ? 0.3 + 0.3 * draw.unit() : Math.min(60, max / 4) * draw.between(0.9, 1.1);
    });
    const board = { uuid: `GPU-${i}`, home: i % nodes, usual };
    return (sliced && i === 0 ? ['1', '2'] : ['']).map((instance) => ({ ...board, instance }));
  });
}

function drawStory(draw: Draw, size: { nodes: number; boards: number; rounds: number }): Story {
  const { nodes, boards, rounds } = size;
  const from = (): number => 10 + draw.below(rounds - 20);
  const span = (): { from: number; to: number } => {
    const begin = from();
    return { from: begin, to: begin + 8 + draw.below(40) };
  };
  const perhaps = <T>(share: number, make: () => T): T | null => (draw.chance(share) ? make() : null);
  return {
    hot: perhaps(0.6, () => ({ board: draw.below(boards), ...span() })),
    silent: perhaps(0.5, () => ({ node: draw.below(nodes), ...span() })),
    failing: perhaps(0.6, () => ({ board: draw.below(boards), from: from() })),
    moving: perhaps(0.3, () => ({ board: draw.below(boards), at: from(), node: draw.below(nodes) })),
    bad_share: draw.pick([0, 0.01, 0.05]),
    late_share: draw.pick([0, 0.02, 0.1]),
    text_share: draw.pick([0, 0, 0.2]),
    repeated_share: draw.pick([0, 0.02]),
  };
}

interface Moment {
  readonly board: Board;
  readonly index: number;
  readonly round: number;
  readonly story: Story;
  readonly ts: number;
}

function scrapeBoard(draw: Draw, { board, index, round, story, ts }: Moment): ScrapedGpu {
  const values = new Float64Array(METRIC_COUNT);
  const hot = story.hot?.board === index && round >= story.hot.from && round < story.hot.to;
  const failing = story.failing?.board === index && round >= story.failing.from;
  METRICS.forEach(({ name, kind, max }, m) => {
    const usual = board.usual[m] as number;
    let value = kind === 'gauge' ? usual * draw.between(0.96, 1.04) : usual + (kind === 'counter' ? round : 0);
    if (hot && (name === 'gpu_temp_celsius' || name === 'memory_temp_celsius')) value = 97 + draw.unit();
    if (hot && name === 'throttle_reasons') value = 64;
    if (failing && /ecc|remapped|replay/.test(name)) value += 40 * round;
    if (failing && name === 'xid_last') value = round % 9 < 5 ? 48 : 94;
    if (draw.chance(0.01)) value = Number.NaN;
    if (story.bad_share > 0 && draw.chance(0.001)) value = max * 3;
    values[m] = value;
  });
  const fatal = failing && story.failing?.from === round;
  return {
    uuid: board.uuid,
    instance: board.instance,
    model: 'NVIDIA H100 80GB HBM3',
    pci_bus_id: '',
    serial: '',
    // Instances of one board are in its slot.
    slot: board.uuid.slice('GPU-'.length),
    ts: draw.chance(story.late_share) ? ts - Math.round(draw.unit() * 600_000) : ts,
    values,
    xids: fatal || draw.chance(0.003) ? [{ xid: fatal ? 79 : 31, kind: 'event', count: 1 }] : [],
    attribution: [],
  };
}

interface Told {
  readonly node: string;
  readonly ts: number;
  readonly scraped: readonly ScrapedGpu[];
  readonly story: Story;
  readonly sequence: number;
}

/** A scrape as one message, in one of the formats; sometimes damaged, sometimes twice. */
function messagesOf(draw: Draw, { node, ts, scraped, story, sequence }: Told): NewMessage[] {
  if (scraped.length === 0) return [];
  const rest = { boot_epoch: 1, sequence, refusals: [], blanks: 0, unknown_metrics: 0 };
  const text = draw.chance(story.text_share);
  let data: Uint8Array = text
    ? Buffer.from(JSON.stringify(scraped.map((gpu) => jsonRow(gpu, node))))
    : encodeScrape({ node, ts, gpus: scraped, ...rest });
  if (draw.chance(story.bad_share)) data = damaged(draw, data);
  const message: NewMessage = {
    subject: rawSubject(node),
    data,
    content_type: text ? 'application/json' : 'application/vnd.gpu-vitals.scrape',
    id: '',
    arrived_at: ts + draw.below(50),
    event_time: ts,
  };
  return draw.chance(story.repeated_share) ? [message, message] : [message];
}

const jsonRow = (gpu: ScrapedGpu, node: string): Record<string, unknown> => ({
  ts: gpu.ts,
  node,
  gpu_uuid: gpu.uuid,
  instance: gpu.instance,
  ...Object.fromEntries(
    METRICS.flatMap(({ name }, m) => (Number.isNaN(gpu.values[m]) ? [] : [[name, gpu.values[m] as number]])),
  ),
});

function damaged(draw: Draw, data: Uint8Array): Uint8Array {
  if (draw.chance(0.5)) return data.subarray(0, draw.below(data.length));
  const copy = Uint8Array.from(data);
  const at = draw.below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}
