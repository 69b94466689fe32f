import type { Sample, Verdict } from '../../client/api-client.ts';
import { dateText, instant } from './format-time.ts';
import { duration, integer } from './format-value.ts';

/** Who the GPU is, where it stands, whose it is, and who uses it now. */
export function GpuFacts(props: {
  readonly gpu_uuid: string;
  readonly verdict: Verdict | null;
  readonly sample: Sample | null;
  readonly node: string;
  readonly slot: string;
  readonly model: string;
}) {
  const { gpu_uuid, verdict, sample, node, slot, model } = props;
  const asset = verdict?.asset ?? null;
  const day = (text: string | null): string => (text === null ? '' : dateText(instant(text) ?? 0));
  const facts: readonly (readonly [string, string])[] = [
    ['Model', model],
    ['Node', node],
    ['Slot', slot],
    ['Serial', asset?.serial ?? ''],
    ['PCI address', asset?.pci_bus_id ?? ''],
    ['Cluster', asset?.cluster ?? ''],
    ['Rack', asset?.rack ?? ''],
    ['Owner', asset?.owner ?? ''],
    ['Tenant', asset?.tenant ?? ''],
    ['Status', asset?.status ?? ''],
    ['Deployed', day(asset?.deployed_at ?? null)],
    ['Warranty until', day(asset?.warranty_until ?? null)],
    ['First seen', day(asset?.registered_at ?? null)],
    ['Operating', asset?.operating_hours == null ? '' : duration(asset.operating_hours * 3_600)],
    ['Price', asset?.purchase_price == null ? '' : integer(asset.purchase_price)],
    ['Note', asset?.note ?? ''],
  ];
  const users = sample?.attribution ?? [];
  return (
    <section class="card facts" aria-labelledby="facts-title">
      <h2 id="facts-title">This GPU</h2>
      <dl>
        <div class="wide">
          <dt>UUID</dt>
          <dd class="code">{gpu_uuid}</dd>
        </div>
        {facts
          .filter(([, text]) => text !== '')
          .map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
      </dl>
      {verdict?.unavailable.includes('asset') && <p class="quiet small">The inventory cannot be read just now.</p>}
      <h3>Used by</h3>
      {users.length === 0 ? (
        <p class="quiet small">No pod or job is told.</p>
      ) : (
        <ul class="users">
          {users.map(({ namespace, pod, container, job }) => (
            <li key={`${namespace}/${pod}/${container}/${job}`}>
              <b>{job || pod || container}</b>
              <span class="quiet small">
                {[namespace, job === '' ? '' : pod, container].filter((part) => part !== '').join(' / ')}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
