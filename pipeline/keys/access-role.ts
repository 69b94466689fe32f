/** What a key may do: each role may all that those before it may. */
export const ACCESS_ROLES = ['viewer', 'operator', 'admin'] as const;
export type AccessRole = (typeof ACCESS_ROLES)[number];

export const roleSuffices = (has: AccessRole, needed: AccessRole): boolean =>
  ACCESS_ROLES.indexOf(has) >= ACCESS_ROLES.indexOf(needed);
