const GRACE_MS = 2_000;

/** Waits for the end of sending, but a collector that is away holds nobody up. Never rejects: trouble was told when it came. */
export async function withinGrace(sending: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | null = null;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, GRACE_MS);
  });
  await Promise.race([sending.catch(() => undefined), late]);
  if (timer !== null) clearTimeout(timer);
}
