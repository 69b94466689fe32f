import { fleetHref, useAddress } from './router.ts';

/** The name, and the way to the fleet. */
export function Brand() {
  const { path } = useAddress();
  return (
    <a class="brand" href={fleetHref()} aria-current={path === '/' ? 'page' : undefined}>
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <path d="M3 17h7l3-9 5 17 4-12 2 4h5" />
      </svg>
      gpu-vitals
    </a>
  );
}
