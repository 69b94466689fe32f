import type { Notification } from '../../pipeline/contract/notifications.ts';

/** An incident of a whole fleet would else make a message that nobody takes. */
const GPUS_MAX = 200;

/** A notification as JSON of bounded size: of the GPUs that one alert covers the first 200 are listed. */
export const notificationJson = (envelope: Notification | { channel: string; notification: Notification }): string =>
  JSON.stringify(envelope, (key, value: unknown) =>
    key === 'gpus' && Array.isArray(value) ? value.slice(0, GPUS_MAX) : value,
  );
