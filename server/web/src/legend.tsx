import { useEffect, useRef } from 'preact/hooks';
import type { ColourMode } from './colour-modes.ts';
import { SEVERITY_COLOURS } from './colour-scale.ts';
import { useTheme } from './theme.ts';

const WIDTH = 120;
const HEIGHT = 10;

/** What the colours mean: the scale with its ends, the marks of anomalies, and how missing readings look. */
export function Legend({ mode }: { readonly mode: ColourMode }) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    for (let x = 0; x < WIDTH; x++) {
      const share = x / (WIDTH - 1);
      const value = mode.at?.(share) ?? mode.from + share * (mode.to - mode.from);
      context.fillStyle = mode.colour(theme, value);
      context.fillRect(x, 0, 1, HEIGHT);
    }
  }, [mode, theme]);
  const coloured = mode.marks.length === 0;
  const severities = coloured ? (['critical', 'warning', 'info'] as const) : mode.marks;
  return (
    <div class="legend" aria-label={`Colours: ${mode.label} from ${mode.legend[0]} to ${mode.legend[1]}`} role="img">
      {coloured ? (
        <span class="mark">
          <i class="swatch calm" /> none
        </span>
      ) : (
        <span class="scale">
          {mode.legend[0]} <canvas ref={canvas} width={WIDTH} height={HEIGHT} /> {mode.legend[1]}
        </span>
      )}
      {severities.map((severity) => (
        <span class="mark" key={severity}>
          <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
            <path d={coloured ? 'M0 0h10v10H0z' : 'M0 0h10v10z'} fill={SEVERITY_COLOURS[theme][severity]} />
          </svg>
          {severity}
        </span>
      ))}
      <span class="mark">
        <i class="swatch stale" /> stale
      </span>
      <span class="mark">
        <i class="swatch missing" /> {mode.missing}
      </span>
    </div>
  );
}
