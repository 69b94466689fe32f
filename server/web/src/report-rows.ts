/** Never rounded up to a target that was missed. */
export const availabilityText = (ratio: number | null): string =>
  ratio === null ? 'n/a' : `${(Math.floor(ratio * 1e5) / 1e3).toFixed(3)} %`;

export const hoursText = (hours: number | null): string =>
  hours === null ? 'n/a' : hours.toFixed(hours !== 0 && hours < 1 ? 3 : 1);
