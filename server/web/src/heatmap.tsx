import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ColourMode } from './colour-modes.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import type { FleetGroup } from './fleet-order.ts';
import { type HeatCell, placeCells } from './heatmap-cells.ts';
import { drawHeatmap, memberAt } from './heatmap-draw.ts';
import { cellAt, neighbour } from './heatmap-layout.ts';
import { HeatmapTip, nodeTipText, tipText } from './heatmap-tip.tsx';
import { type MapView, onMap, showing, WHOLE_MAP, zoomed } from './heatmap-view.ts';
import { gpuPath, navigate, nodePath } from './router.ts';
import { useTheme } from './theme.ts';
import { KEY_STEP, useMapView } from './use-map-view.ts';

const HEIGHT_MIN = 240;
/** On a narrow screen one scrolls anyway, and a finger needs larger cells. */
const HEIGHT_MIN_NARROW = 760;
const NARROW = 720;

/** The fleet as cells of one canvas, to zoom and move. The table is the same in text. */
export function Heatmap(props: {
  readonly groups: readonly FleetGroup[];
  readonly gpus: ReadonlyMap<string, FleetGpu>;
  readonly version: number;
  readonly mode: ColourMode;
}) {
  const { groups, gpus, version, mode } = props;
  const theme = useTheme();
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const room = useRoom(holder);
  const [focus, setFocus] = useState(-1);
  const [member, setMember] = useState(-1);
  const [by, setBy] = useState<'pointer' | 'keys'>('pointer');

  const placed = useMemo(() => (room === null ? null : placeCells(groups, room)), [groups, room]);
  const layout = placed?.layout ?? null;
  const cells = placed?.cells ?? NO_CELLS;
  const { view, set: setView, dragged } = useMapView(canvas, layout, groups);

  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || layout === null) return;
    const pixel_ratio = devicePixelRatio;
    const [width, height] = [Math.ceil(layout.width * pixel_ratio), Math.ceil(layout.height * pixel_ratio)];
    if (element.width !== width) element.width = width;
    if (element.height !== height) element.height = height;
    element.style.width = `${layout.width}px`;
    element.style.height = `${layout.height}px`;
    drawHeatmap(context, { layout, view, cells, gpus, mode, theme, focus, pixel_ratio });
  }, [layout, view, cells, gpus, version, mode, theme, focus]);

  const [count, known] = useMemo(() => {
    let [all, told] = [0, 0];
    for (const { uuids } of cells) {
      for (const uuid of uuids) {
        all++;
        const gpu = gpus.get(uuid);
        if (gpu !== undefined && mode.value(gpu) !== null) told++;
      }
    }
    return [all, told] as const;
  }, [cells, gpus, version, mode]);

  const cell = focus >= 0 ? cells[focus] : undefined;
  const uuid = cell === undefined ? undefined : cell.uuids.length === 1 ? cell.uuids[0] : cell.uuids[member];
  const gpu = uuid === undefined ? undefined : gpus.get(uuid);
  const boxOf = (index: number): readonly [number, number, number, number] => [
    (layout?.x[index] ?? 0) * view.scale + view.x,
    (layout?.y[index] ?? 0) * view.scale + view.y,
    (layout?.cell_width ?? 0) * view.scale,
    (layout?.cell_height ?? 0) * view.scale,
  ];
  const under = (event: MouseEvent): readonly [cell: number, member: number] => {
    if (layout === null || canvas.current === null) return [-1, -1];
    const box = canvas.current.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    const index = cellAt(layout, ...onMap(view, px, py));
    return [index, index < 0 ? -1 : memberAt(cells[index]?.uuids.length ?? 0, boxOf(index), [px, py])];
  };
  /** A GPU's page, or the node's GPUs in place of the whole fleet. */
  const open = (index: number, inside: number): void => {
    const chosen = cells[index];
    const one = chosen === undefined ? undefined : chosen.uuids.length === 1 ? chosen.uuids[0] : chosen.uuids[inside];
    if (one !== undefined) navigate(gpuPath(one));
    else if (chosen !== undefined) navigate(nodePath(chosen.node));
  };
  const zoom = (factor: number): void => {
    if (layout === null) return;
    const [left, top, wide, high] = focus >= 0 ? boxOf(focus) : [0, 0, layout.width, layout.height];
    setView((before) => zoomed(before, factor, [left + wide / 2, top + high / 2], layout));
  };
  const onKey = (event: KeyboardEvent): void => {
    if (layout === null) return;
    const { key } = event;
    if (key === 'Enter' && focus >= 0) open(focus, -1);
    else if (key === 'Escape' && focus >= 0) setFocus(-1);
    else if (key === '+' || key === '=') zoom(KEY_STEP);
    else if (key === '-') zoom(1 / KEY_STEP);
    else if (key === '0') setView(() => WHOLE_MAP);
    else if (/^(Arrow|Home|End)/.test(key)) {
      setBy('keys');
      setMember(-1);
      const next = neighbour(layout, focus, key);
      setFocus(next);
      const box = {
        x: layout.x[next] ?? 0,
        y: layout.y[next] ?? 0,
        width: layout.cell_width,
        height: layout.cell_height,
      };
      setView((before) => showing(before, box, layout));
      if (view.scale === 1) keepInView(canvas.current, box.y, box.height);
    } else return;
    event.preventDefault();
  };
  const [left, top, wide, high] = boxOf(Math.max(0, focus));

  return (
    <div class="heatmap" ref={holder}>
      <ZoomButtons view={view} onZoom={zoom} onWhole={() => setView(() => WHOLE_MAP)} />
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: the canvas takes the arrow keys itself, as role application says */}
      <canvas
        ref={canvas}
        data-testid="fleet-heatmap"
        data-cells={count}
        data-known={known}
        data-drawn={cells.length}
        data-scale={view.scale}
        class={view.scale > 1 ? 'zoomed' : ''}
        role="application"
        tabIndex={0}
        aria-label={`Map of ${count} GPUs by ${mode.label.toLowerCase()}${placed?.aggregated === true ? ', a cell a node' : ''}. Arrow keys move, Enter opens, plus and minus zoom; the table view has the same as text.`}
        onMouseMove={(event) => {
          setBy('pointer');
          const [index, inside] = under(event);
          setFocus(index);
          setMember(inside);
        }}
        onMouseLeave={() => by === 'pointer' && setFocus(-1)}
        onBlur={() => setFocus(-1)}
        onClick={(event) => !dragged() && open(...under(event))}
        onKeyDown={onKey}
      />
      {cell !== undefined && layout !== null && (
        <HeatmapTip cell={cell} gpu={gpu} gpus={gpus} mode={mode} x={left + wide} y={top + high} room={layout.width} />
      )}
      {placed?.aggregated === true && (
        <p class="quiet small aggregated">A cell is a node, coloured by its worst GPU. Zoomed in, it shows them all.</p>
      )}
      <span class="hidden" aria-live="polite">
        {cell !== undefined && by === 'keys' ? (gpu === undefined ? nodeTipText(cell, gpus, mode) : tipText(gpu)) : ''}
      </span>
    </div>
  );
}

const NO_CELLS: readonly HeatCell[] = [];

function ZoomButtons(props: {
  readonly view: MapView;
  readonly onZoom: (factor: number) => void;
  readonly onWhole: () => void;
}) {
  const { view, onZoom, onWhole } = props;
  return (
    <fieldset class="zoom" aria-label="Zoom">
      <button type="button" aria-label="Zoom out" disabled={view.scale === 1} onClick={() => onZoom(1 / KEY_STEP)}>
        −
      </button>
      <button type="button" aria-label="Zoom in" title="Also with Ctrl and the wheel" onClick={() => onZoom(KEY_STEP)}>
        +
      </button>
      {view.scale > 1 && (
        <button type="button" onClick={onWhole}>
          Whole map
        </button>
      )}
    </fieldset>
  );
}

/** Width of the holder and the height that is left below it in the window. */
function useRoom(holder: { readonly current: HTMLDivElement | null }): { width: number; height_target: number } | null {
  const [room, setRoom] = useState<{ width: number; height_target: number } | null>(null);
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const measure = (): void => {
      const top = element.getBoundingClientRect().top + scrollY;
      const width = element.clientWidth;
      const least = width < NARROW ? HEIGHT_MIN_NARROW : HEIGHT_MIN;
      const next = { width, height_target: Math.max(least, innerHeight - top - 64) };
      setRoom((known) => (known?.width === next.width && known.height_target === next.height_target ? known : next));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    addEventListener('resize', measure);
    measure();
    return () => {
      observer.disconnect();
      removeEventListener('resize', measure);
    };
  }, [holder]);
  return room;
}

function keepInView(canvas: HTMLCanvasElement | null, y: number, cell: number): void {
  if (canvas === null) return;
  const top = canvas.getBoundingClientRect().top + y;
  if (top < 60) scrollBy(0, top - 120);
  else if (top + cell > innerHeight - 20) scrollBy(0, top + cell - innerHeight + 120);
}
