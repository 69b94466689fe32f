import type { StepCounts, StepEdge } from './pipeline-answer.ts';

export const STEP_WIDTH = 132;
const STEP_HEIGHT = 38;
/** There are many sinks, and each has one line only. */
const SINK_HEIGHT = 24;
const GAP_X = 34;
const GAP_Y = 8;
const MARGIN = 4;
const SWEEPS = 6;

export interface PlacedStep {
  readonly id: string;
  readonly kind: string;
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly string[];
  /** Path data of SVG. */
  readonly path: string;
}

export interface PipelineLayout {
  readonly width: number;
  readonly height: number;
  readonly steps: readonly PlacedStep[];
  readonly edges: readonly PlacedEdge[];
}

/**
 * Steps in columns, each right of all it reads from, sinks in the last; within a column near what they read from. Steps
 * of the same column stand in the order in which the engine names them where nothing else decides.
 */
export function layoutPipeline(steps: readonly StepCounts[], edges: readonly StepEdge[]): PipelineLayout {
  const known = new Set(steps.map(({ id }) => id));
  const links = edges.filter(({ from, to }) => known.has(from) && known.has(to) && from !== to);
  const column = columnsOf(steps, links);
  const columns: string[][] = [];
  for (const { id } of steps) {
    const at = column.get(id) ?? 0;
    columns[at] ??= [];
    columns[at].push(id);
  }
  const filled = columns.filter((one) => one !== undefined);
  order(filled, links);
  const kinds = new Map(steps.map(({ id, kind }) => [id, kind]));
  const heightOf = (id: string): number => (kinds.get(id) === 'sink' ? SINK_HEIGHT : STEP_HEIGHT);
  const highs = filled.map((ids) => ids.reduce((sum, id) => sum + heightOf(id) + GAP_Y, -GAP_Y));
  const height = 2 * MARGIN + Math.max(STEP_HEIGHT, ...highs);
  const place = new Map<string, { x: number; y: number; height: number }>();
  for (const [i, ids] of filled.entries()) {
    let y = (height - (highs[i] ?? 0)) / 2;
    for (const id of ids) {
      place.set(id, { x: MARGIN + i * (STEP_WIDTH + GAP_X), y, height: heightOf(id) });
      y += heightOf(id) + GAP_Y;
    }
  }
  return {
    width: 2 * MARGIN + filled.length * (STEP_WIDTH + GAP_X) - GAP_X,
    height,
    steps: steps.map(({ id, kind }) => ({ id, kind, ...(place.get(id) ?? { x: 0, y: 0, height: STEP_HEIGHT }) })),
    edges: placedEdges(links, place),
  };
}

/** The longest way from a source; a circle, which an engine never has, would end after as many rounds as there are steps. */
function columnsOf(steps: readonly StepCounts[], links: readonly StepEdge[]): Map<string, number> {
  const column = new Map(steps.map(({ id }) => [id, 0]));
  for (let round = 0, moved = true; moved && round < steps.length; round++) {
    moved = false;
    for (const { from, to } of links) {
      const least = (column.get(from) ?? 0) + 1;
      if ((column.get(to) ?? 0) >= least) continue;
      column.set(to, least);
      moved = true;
    }
  }
  const last = Math.max(0, ...steps.map(({ id, kind }) => (column.get(id) ?? 0) + (kind === 'sink' ? 0 : 1)));
  for (const { id, kind } of steps) if (kind === 'sink') column.set(id, last);
  return column;
}

/** Puts each step at the mean height of its neighbours to the left, then of those to the right, a few times. */
function order(columns: string[][], links: readonly StepEdge[]): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const at = new Map<string, number>();
    for (const ids of columns) {
      for (const [i, id] of ids.entries()) at.set(id, (i + 0.5) / ids.length);
    }
    const forth = sweep % 2 === 0;
    for (const ids of columns) {
      const heights = new Map(
        ids.map((id) => {
          const near = links.flatMap(({ from, to }) => (forth ? (to === id ? [from] : []) : from === id ? [to] : []));
          const sum = near.reduce((total, one) => total + (at.get(one) ?? 0.5), 0);
          return [id, near.length === 0 ? (at.get(id) ?? 0.5) : sum / near.length];
        }),
      );
      ids.sort((a, b) => (heights.get(a) ?? 0) - (heights.get(b) ?? 0));
    }
  }
}

function placedEdges(
  links: readonly StepEdge[],
  place: ReadonlyMap<string, Pick<PlacedStep, 'x' | 'y' | 'height'>>,
): PlacedEdge[] {
  const pairs = new Map<string, { from: string; to: string; ports: string[] }>();
  for (const { from, to, port } of links) {
    const key = `${from} ${to}`;
    const pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, { from, to, ports: [port] });
    else pair.ports.push(port);
  }
  return [...pairs.values()].flatMap((pair) => {
    const [a, b] = [place.get(pair.from), place.get(pair.to)];
    if (a === undefined || b === undefined) return [];
    const [x1, y1, x2, y2] = [a.x + STEP_WIDTH, a.y + a.height / 2, b.x, b.y + b.height / 2];
    const bend = Math.max(GAP_X / 2, (x2 - x1) / 2.5);
    return [{ ...pair, path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` }];
  });
}
