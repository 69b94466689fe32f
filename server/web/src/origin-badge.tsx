import { originText } from './prediction-text.ts';

/** Says what a model was trained on wherever its figures stand; nothing for one of real telemetry. */
export function OriginBadge({ trained_on }: { readonly trained_on: string }) {
  const text = originText(trained_on);
  if (text === '') return null;
  return (
    <span class="simulated" data-testid="origin-badge" data-origin={trained_on}>
      {text}
    </span>
  );
}
