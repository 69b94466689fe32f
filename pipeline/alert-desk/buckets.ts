import { type KeyValue, openKeyValue } from '../bus/key-value.ts';
import type { Bus } from '../contract/bus.ts';

/** What people say of alerts, a key an alert. */
export const openHandling = (bus: Bus): Promise<KeyValue> =>
  openKeyValue(bus, 'GPU_VITALS_ALERT_HANDLING', 'Who has taken notice of which alert');

/** Silences and maintenance windows, a key each. */
export const openSilences = (bus: Bus): Promise<KeyValue> =>
  openKeyValue(bus, 'GPU_VITALS_SILENCES', 'Alerts that are told to nobody for a time');

/** The desk's own memory, and who has the desk. */
export const openDeskMemory = (bus: Bus): Promise<KeyValue> =>
  openKeyValue(bus, 'GPU_VITALS_ALERT_DESK', 'What channels were told, and which process tells them');
