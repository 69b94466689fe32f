/**
 * Told on `vitals.missed.<table>` by a writer that is connected again after rows of the table could not be told: whoever shows
 * them reads the table.
 */
const MISSED = 'vitals.missed';
export const MISSED_WILDCARD = `${MISSED}.>`;
export const missedSubject = (table: string): string => `${MISSED}.${table}`;
