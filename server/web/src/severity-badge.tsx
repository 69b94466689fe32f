import type { Severity } from './fleet-gpu.ts';

const SHAPES: Readonly<Record<Severity, string>> = {
  critical: 'M6 1 11.5 11H.5z',
  warning: 'M6 .8 11.2 6 6 11.2.8 6z',
  info: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1z',
};

/** A severity by shape, colour and word. */
export function SeverityBadge({ severity }: { readonly severity: Severity }) {
  return (
    <span class={`badge ${severity}`}>
      <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
        <path d={SHAPES[severity]} fill="currentColor" />
      </svg>
      {severity}
    </span>
  );
}
