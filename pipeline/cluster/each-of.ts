const AT_ONCE = 8;

/** Does something with each of a list, a few at a time, in the order of the list. Rejects with the first failure. */
export async function eachOf<T>(list: readonly T[], one: (item: T) => Promise<void>): Promise<void> {
  const queue = [...list];
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await one(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
