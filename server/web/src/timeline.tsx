import { timeText } from './format-time.ts';
import { gpuPath } from './router.ts';
import type { Lane, TimeSpan } from './timeline-lanes.ts';

const WIDE = 1_000;
const HIGH = 16;
/** What lasted a moment must still be seen, of `WIDE`. */
const LEAST = 5;

/** What happened when, a lane each, over one span. Every lane says the same in words. */
export function Timeline(props: {
  readonly label: string;
  readonly lanes: readonly Lane[];
  readonly span: TimeSpan;
  readonly now: number;
}) {
  const { label, lanes, span, now } = props;
  const at = (instant: number): number => {
    const share = (instant - span.from) / (span.to - span.from);
    return Math.min(WIDE, Math.max(0, share * WIDE));
  };
  const middle = (span.from + span.to) / 2;
  return (
    <div class="timeline" data-testid="timeline">
      <ul aria-label={label}>
        {lanes.map(({ key, name, gpu_uuid, from, to, tone, says, marks }) => (
          <li key={key} title={says}>
            <span class="lane-name">{gpu_uuid === null ? name : <a href={gpuPath(gpu_uuid)}>{name}</a>}</span>
            <svg viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" class={tone} aria-hidden="true">
              <path d={`M0 ${HIGH / 2}h${WIDE}`} class="ground" />
              <rect
                x={Math.min(at(from), WIDE - LEAST)}
                y="3"
                width={Math.max(LEAST, at(to ?? span.to) - at(from))}
                height={HIGH - 6}
                class="level"
              />
              {to === null && <path d={`M${WIDE - 14} 3l12 5-12 5z`} class="goes-on" />}
              {marks.map((mark) => (
                <path key={`${mark.what} ${mark.at}`} d={`M${at(mark.at)} 0v${HIGH}`} class="mark" />
              ))}
            </svg>
            <span class="hidden">{says}</span>
          </li>
        ))}
      </ul>
      <div class="axis quiet small" aria-hidden="true">
        {[span.from, middle, span.to].map((instant) => (
          <span key={instant}>{timeText(instant, now)}</span>
        ))}
      </div>
    </div>
  );
}
