import { GROUPS } from '../../pipeline/contract/ids.ts';
import type { ElementType, State, StateColumn, StateSpec } from '../../pipeline/contract/operator.ts';
import { Registry, type RegistrySnapshot } from '../../pipeline/contract/registry.ts';

type NumberType = Exclude<ElementType, 'record'>;
type ElementArray = Float64Array | Float32Array | Uint32Array | Uint16Array | Uint8Array;

const ARRAYS: Readonly<Record<NumberType, { new (length: number): ElementArray; readonly BYTES_PER_ELEMENT: number }>> =
  {
    f64: Float64Array,
    f32: Float32Array,
    u32: Uint32Array,
    u16: Uint16Array,
    u8: Uint8Array,
  };

const CELLS_MIN = 16;
/** The group number of what spans all groups. */
export const FLEET: number = GROUPS;

/** Bytes that one GPU costs by declaration; records, which few GPUs have, not counted. */
export const bytesPerGpu = (spec: StateSpec): number =>
  Object.values(spec).reduce(
    (sum, { scope, type, width }) =>
      sum + (scope === 'gpu' && type !== 'record' ? width * ARRAYS[type].BYTES_PER_ELEMENT : 0),
    0,
  );

export interface SavedColumn {
  readonly step: string;
  readonly name: string;
  readonly type: ElementType;
  readonly width: number;
  /** Of records: JSON of [cell, record] pairs, as UTF-8. */
  readonly data: ElementArray;
}

/** Everything one key group is: enough to stop here and go on elsewhere. */
export interface SavedGroup {
  readonly group: number;
  readonly position: number;
  readonly registry: RegistrySnapshot;
  readonly columns: readonly SavedColumn[];
}

type Cells = ElementArray | unknown[];

interface StepColumns {
  readonly spec: StateSpec;
  readonly arrays: Record<string, Cells>;
}

/** Registry, position and the state columns of all steps for one key group. */
export class GroupState {
  readonly group: number;
  registry: Registry;
  /** Stream sequence of the last message whose rows went through all steps. */
  position = 0;
  private readonly steps = new Map<string, StepColumns>();
  private cells = { gpu: 0, node: 0, group: 1 };

  constructor(group: number) {
    this.group = group;
    this.registry = new Registry(group);
  }

  /** The arrays of a step, grown to the registry. Cost: two comparisons when nothing grew. */
  columns<S extends StateSpec>(step: string, spec: S): State<S> {
    if (this.registry.gpus.length > this.cells.gpu) this.grow('gpu', this.registry.gpus.length);
    if (this.registry.nodes.length > this.cells.node) this.grow('node', this.registry.nodes.length);
    let columns = this.steps.get(step);
    if (!columns) {
      columns = { spec, arrays: {} };
      for (const [name, column] of Object.entries(spec)) columns.arrays[name] = this.allocate(column);
      this.steps.set(step, columns);
    }
    return columns.arrays as State<S>;
  }

  /**
   * Lets go of what was last seen before the day of `ts`: its cells in all steps become as good as new, and its indexes go
   * to the next that come.
   */
  sweep(ts: number): void {
    const swept = this.registry.sweep(ts);
    for (const { spec, arrays } of this.steps.values()) {
      for (const [name, { scope, type, width, initial }] of Object.entries(spec)) {
        if (scope === 'group') continue;
        const blank = type === 'record' ? null : initial;
        for (const index of scope === 'gpu' ? swept.gpus : swept.nodes) {
          (arrays[name] as unknown[]).fill(blank, index * width, (index + 1) * width);
        }
      }
    }
  }

  /** Copies everything; `copy` makes the copy of an array's first `length` elements. */
  save(
    copy: (array: ElementArray, length: number) => ElementArray = (array, length) => array.slice(0, length),
  ): SavedGroup {
    const used = { gpu: this.registry.gpus.length, node: this.registry.nodes.length, group: 1 };
    return {
      group: this.group,
      position: this.position,
      registry: this.registry.snapshot(),
      columns: [...this.steps].flatMap(([step, { spec, arrays }]) =>
        Object.entries(spec).map(([name, { type, width, scope }]) => ({
          step,
          name,
          type,
          width,
          data:
            type === 'record'
              ? packRecords(arrays[name] as unknown[])
              : copy(arrays[name] as ElementArray, used[scope] * width),
        })),
      ),
    };
  }

  /** Takes over a saved group. Columns that a step no longer declares so, or declares anew, start from their initial. */
  static restore(saved: SavedGroup, specs: ReadonlyMap<string, StateSpec>): GroupState {
    const state = new GroupState(saved.group);
    state.registry = Registry.restore(saved.group, saved.registry);
    state.position = saved.position;
    const used = { gpu: state.registry.gpus.length, node: state.registry.nodes.length, group: 1 };
    for (const [step, spec] of specs) {
      const arrays = state.columns(step, spec) as Record<string, Cells>;
      for (const column of saved.columns) {
        const declared = spec[column.name];
        if (column.step !== step || declared?.type !== column.type || declared.width !== column.width) continue;
        const cells = arrays[column.name];
        if (Array.isArray(cells)) unpackRecords(column.data as Uint8Array, cells);
        // As many cells as the scope has things: others are of another scope, or of nothing.
        else if (column.data.length === used[declared.scope] * declared.width) cells?.set(column.data);
      }
    }
    return state;
  }

  private grow(scope: 'gpu' | 'node', needed: number): void {
    let cells = Math.max(CELLS_MIN, this.cells[scope]);
    while (cells < needed) cells *= 2;
    this.cells[scope] = cells;
    for (const { spec, arrays } of this.steps.values()) {
      for (const [name, column] of Object.entries(spec)) {
        if (column.scope !== scope) continue;
        const larger = this.allocate(column);
        const smaller = arrays[name] as Cells;
        if (Array.isArray(larger)) {
          for (let cell = 0; cell < smaller.length; cell++) larger[cell] = smaller[cell];
        } else larger.set(smaller as ElementArray);
        arrays[name] = larger;
      }
    }
  }

  private allocate({ scope, type, width, initial }: StateColumn): Cells {
    const length = this.cells[scope] * width;
    if (type === 'record') return new Array<unknown>(length).fill(null);
    const array = new ARRAYS[type](length);
    return initial === 0 ? array : array.fill(initial);
  }
}

const packRecords = (cells: readonly unknown[]): Uint8Array =>
  Buffer.from(JSON.stringify(cells.flatMap((record, cell) => (record === null ? [] : [[cell, record]]))), 'utf8');

function unpackRecords(packed: Uint8Array, into: unknown[]): void {
  const pairs = JSON.parse(
    Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).toString('utf8'),
  ) as readonly (readonly [cell: number, unknown])[];
  for (const [cell, record] of pairs) if (cell < into.length) into[cell] = record;
}

/** The 64 groups of one engine, made when first needed, and what spans them. */
export class GroupStates {
  private readonly groups: (GroupState | undefined)[] = new Array(GROUPS).fill(undefined);
  /** State of the fleet's steps. Its position counts by itself: items of messages up to there were taken. */
  fleet = new GroupState(FLEET);

  get(group: number): GroupState {
    let state = this.groups[group];
    if (!state) {
      state = new GroupState(group);
      this.groups[group] = state;
    }
    return state;
  }

  set(state: GroupState): void {
    this.groups[state.group] = state;
  }

  all(): GroupState[] {
    return this.groups.filter((state): state is GroupState => state !== undefined);
  }
}
