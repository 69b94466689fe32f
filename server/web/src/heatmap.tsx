import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ColourMode } from './colour-modes.ts';
import type { FleetGpu } from './fleet-gpu.ts';
import type { FleetGroup } from './fleet-order.ts';
import { drawHeatmap } from './heatmap-draw.ts';
import { cellAt, layoutHeatmap, neighbour } from './heatmap-layout.ts';
import { HeatmapTip, tipText } from './heatmap-tip.tsx';
import { gpuPath, navigate } from './router.ts';
import { useTheme } from './theme.ts';

const HEIGHT_MIN = 240;
/** On a narrow screen one scrolls anyway, and a finger needs larger cells. */
const HEIGHT_MIN_NARROW = 760;
const NARROW = 720;

/** Every GPU as a cell of one canvas. The table is the same in text. */
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
  const [by, setBy] = useState<'pointer' | 'keys'>('pointer');

  const uuids = useMemo(
    () => groups.flatMap(({ blocks }) => blocks.flatMap((block) => block.gpus.map((gpu) => gpu.gpu_uuid))),
    [groups],
  );
  const layout = useMemo(() => {
    const named = groups.map(({ label, blocks }) => ({
      label,
      blocks: blocks.map((block) => ({ label: block.node, cells: block.gpus.length })),
    }));
    return room === null ? null : layoutHeatmap(named, room);
  }, [groups, room]);

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
    const shown = uuids.map((uuid) => gpus.get(uuid));
    drawHeatmap(context, { layout, gpus: shown, mode, theme, focus, pixel_ratio });
  }, [layout, uuids, gpus, version, mode, theme, focus]);

  const known = useMemo(
    () => uuids.filter((uuid) => shownValue(mode, gpus.get(uuid)) !== null).length,
    [uuids, gpus, version, mode],
  );
  const at = focus >= 0 ? gpus.get(uuids[focus] ?? '') : undefined;
  const open = (index: number): void => {
    const uuid = uuids[index];
    if (uuid !== undefined) navigate(gpuPath(uuid));
  };
  const under = (event: MouseEvent): number => {
    if (layout === null || canvas.current === null) return -1;
    const box = canvas.current.getBoundingClientRect();
    return cellAt(layout, event.clientX - box.left, event.clientY - box.top);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (layout === null) return;
    if (event.key === 'Enter' && focus >= 0) {
      event.preventDefault();
      open(focus);
    } else if (event.key === 'Escape' && focus >= 0) {
      event.preventDefault();
      setFocus(-1);
    } else if (/^(Arrow|Home|End)/.test(event.key)) {
      event.preventDefault();
      setBy('keys');
      const next = neighbour(layout, focus, event.key);
      setFocus(next);
      keepInView(canvas.current, layout.y[next] ?? 0, layout.cell_height);
    }
  };

  return (
    <div class="heatmap" ref={holder}>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: the canvas takes the arrow keys itself, as role application says */}
      <canvas
        ref={canvas}
        data-testid="fleet-heatmap"
        data-cells={uuids.length}
        data-known={known}
        role="application"
        tabIndex={0}
        aria-label={`Map of ${uuids.length} GPUs by ${mode.label.toLowerCase()}. Arrow keys move, Enter opens; the table view has the same as text.`}
        onMouseMove={(event) => {
          setBy('pointer');
          setFocus(under(event));
        }}
        onMouseLeave={() => by === 'pointer' && setFocus(-1)}
        onBlur={() => setFocus(-1)}
        onClick={(event) => open(under(event))}
        onKeyDown={onKey}
      />
      {at !== undefined && layout !== null && (
        <HeatmapTip
          gpu={at}
          x={(layout.x[focus] ?? 0) + layout.cell_width}
          y={(layout.y[focus] ?? 0) + layout.cell_height}
          room={layout.width}
        />
      )}
      <span class="hidden" aria-live="polite">
        {at !== undefined && by === 'keys' ? tipText(at) : ''}
      </span>
    </div>
  );
}

const shownValue = (mode: ColourMode, gpu: FleetGpu | undefined): number | null =>
  gpu === undefined ? null : mode.value(gpu);

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
