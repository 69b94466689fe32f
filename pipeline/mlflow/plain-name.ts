/** Of a parameter, a metric or a tag, in MLflow's database. */
export const KEY_CHARS_MAX = 250;

/**
 * A name of a parameter, metric, tag or file as MLflow takes it: letters, digits, `_ - .`, spaces and slashes, and only what is
 * a plain path that leads nowhere else.
 */
export function plainName(name: string): string {
  const parts = name
    .replace(/[^\w. /-]/g, '_')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => (part === '..' ? '__' : part));
  return parts.join('/').slice(0, KEY_CHARS_MAX).replace(/\/$/, '') || '_';
}
