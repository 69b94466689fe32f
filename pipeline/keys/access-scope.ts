/** What a key can be narrowed to: every path of the API and every live topic belongs to one. */
export const ACCESS_SCOPES = [
  'fleet',
  'alerts',
  'assets',
  'labels',
  'models',
  'reports',
  'metrics',
  'pipeline',
  'security',
] as const;
export type AccessScope = (typeof ACCESS_SCOPES)[number];

/** A key without scopes may all that its role may; `any` is for every key. */
export const scopeSuffices = (has: readonly AccessScope[], needed: AccessScope | 'any'): boolean =>
  needed === 'any' || has.length === 0 || has.includes(needed);
