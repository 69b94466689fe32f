/** A row of GET /reports/availability. */
export interface AvailabilityAnswer {
  readonly month: string;
  readonly group: string;
  readonly gpus: number;
  readonly in_service_hours: number;
  readonly down_hours: number;
  readonly availability: number | null;
  readonly sla: number;
  readonly met: boolean | null;
  readonly breaches: number;
  readonly failures: number;
  readonly down_now: number;
  readonly mttr_hours: number | null;
  readonly mtbf_hours: number | null;
}

/** A row of GET /reports/compliance. */
export interface ChangeAnswer {
  readonly at: string;
  readonly kind: string;
  readonly subject: string;
  readonly what: string;
  readonly by: string;
  readonly detail: string;
}

/** Never rounded up to a target that was missed. */
export const availabilityText = (ratio: number | null): string =>
  ratio === null ? 'n/a' : `${(Math.floor(ratio * 1e5) / 1e3).toFixed(3)} %`;

export const hoursText = (hours: number | null): string =>
  hours === null ? 'n/a' : hours.toFixed(hours !== 0 && hours < 1 ? 3 : 1);
