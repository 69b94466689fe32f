/** Does something with each of a list, so many at a time, in the order of the list. Rejects with the first failure. */
export async function eachOf<T>(list: readonly T[], at_once: number, one: (item: T) => Promise<void>): Promise<void> {
  const queue = [...list];
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await one(item);
  };
  await Promise.all(Array.from({ length: at_once }, lane));
}
