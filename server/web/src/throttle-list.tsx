import { throttleReasons } from './throttle-reasons.ts';

const KINDS = { benign: 'benign', configured: 'as configured', slowdown: 'slowed down' } as const;

/** Why the clocks are held back, in words. */
export function ThrottleList({ mask }: { readonly mask: number | undefined }) {
  const reasons = mask === undefined ? [] : throttleReasons(mask);
  return (
    <section class="card throttle" aria-labelledby="throttle-title">
      <h2 id="throttle-title">Clocks held back</h2>
      {mask === undefined ? (
        <p class="quiet empty">n/a: the exporter does not send the reasons.</p>
      ) : reasons.length === 0 ? (
        <p class="quiet empty">Not at all.</p>
      ) : (
        <ul>
          {reasons.map(({ bit, text, kind, note }) => (
            <li key={bit}>
              <span class="line">
                <b>{text}</b>
                <span class={`kind ${kind}`}>{KINDS[kind]}</span>
              </span>
              {note !== '' && <span class="quiet small">{note}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
