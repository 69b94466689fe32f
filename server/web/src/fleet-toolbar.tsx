import { useMemo } from 'preact/hooks';
import { Choice } from './choice.tsx';
import { COLOUR_MODES, colourMode } from './colour-modes.ts';
import type { FleetFilter } from './fleet-filter.ts';
import { type GroupBy, placesKnown } from './fleet-order.ts';
import type { FleetStore } from './fleet-store.ts';
import { Legend } from './legend.tsx';
import { setQuery } from './router.ts';
import { SearchField } from './search-field.tsx';
import { Segmented } from './segmented.tsx';

const natural = new Intl.Collator('en', { numeric: true });
const NODES_LISTED_MAX = 2_000;

/** Search, filters, and how the map is drawn: all kept in the address. */
export function FleetToolbar(props: {
  readonly fleet: FleetStore;
  readonly filter: FleetFilter;
  readonly by: GroupBy;
  readonly mode: string;
  readonly view: string;
}) {
  const { fleet, filter, by, view } = props;
  const mode = colourMode(props.mode);
  const { models, nodes } = useMemo(() => namesOf(fleet), [fleet, fleet.structure]);
  const table = view === 'table';
  return (
    <div class="toolbar">
      <SearchField
        label="Search GPUs"
        placeholder="Node, model, rack or UUID"
        value={filter.search}
        onInput={(q) => setQuery({ q })}
      />
      <Choice
        name="Model"
        value={filter.model}
        onChange={(model) => setQuery({ model })}
        options={[['', 'All models'], ...models.map((model): [string, string] => [model, model])]}
      />
      {nodes.length > 0 && (
        <Choice
          name="Node"
          value={filter.node}
          onChange={(node) => setQuery({ node })}
          options={[['', 'All nodes'], ...nodes.map((node): [string, string] => [node, node])]}
        />
      )}
      <Choice
        name="State"
        value={filter.severity}
        onChange={(severity) => setQuery({ severity })}
        options={[
          ['', 'Any state'],
          ['any', 'With anomalies'],
          ['warning', 'Warning or worse'],
          ['critical', 'Critical'],
          ['stale', 'Stale'],
        ]}
      />
      <div class="grow" />
      <Segmented
        name="View"
        value={table ? 'table' : ''}
        options={[
          ['', 'Map'],
          ['table', 'Table'],
        ]}
        onChange={(next) => setQuery({ view: next, sort: '' })}
      />
      {!table && (
        <div class="drawn">
          <Legend mode={mode} />
          <div class="grow" />
          <Choice
            name="Group by"
            value={by}
            onChange={(group) => setQuery({ group: group === 'place' ? '' : group })}
            options={[
              ['place', placesKnown(fleet.places) ? 'By rack' : 'By node'],
              ['model', 'By model'],
              ['none', 'Ungrouped'],
            ]}
          />
          <Choice
            name="Colour by"
            value={mode.id}
            onChange={(colour) => setQuery({ colour })}
            options={COLOUR_MODES.map(({ id, label }): [string, string] => [id, label])}
          />
        </div>
      )}
    </div>
  );
}

function namesOf(fleet: FleetStore): { models: string[]; nodes: string[] } {
  const models = new Set<string>();
  const nodes = new Set<string>();
  for (const { model, node } of fleet.gpus.values()) {
    if (model !== '') models.add(model);
    nodes.add(node);
  }
  // Nobody picks from thousands, and sorting them for it would be felt.
  const listed = nodes.size > NODES_LISTED_MAX ? [] : [...nodes].sort(natural.compare);
  return { models: [...models].sort(natural.compare), nodes: listed };
}
