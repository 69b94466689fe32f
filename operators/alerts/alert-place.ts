/** Facts of a place that the inventory knows; empty where it does not. */
export interface AlertPlace {
  readonly model: string;
  readonly cluster: string;
  readonly rack: string;
  readonly owner: string;
  readonly tenant: string;
  readonly slot: string;
}

export const NOWHERE: AlertPlace = { model: '', cluster: '', rack: '', owner: '', tenant: '', slot: '' };

/** What several places have in common: whoever may see one of them only, may not see what is about all. */
export function commonPlace(places: readonly AlertPlace[]): AlertPlace {
  const [first = NOWHERE, ...others] = places;
  const shared = (field: keyof AlertPlace): string =>
    others.every((one) => one[field] === first[field]) ? first[field] : '';
  return {
    model: shared('model'),
    cluster: shared('cluster'),
    rack: shared('rack'),
    owner: shared('owner'),
    tenant: shared('tenant'),
    slot: '',
  };
}
