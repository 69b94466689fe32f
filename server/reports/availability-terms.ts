/** What the figures mean, as the page says it. */
export const AVAILABILITY_TERMS: readonly (readonly [term: string, meaning: string])[] = [
  [
    'In service',
    'From the first sample of a board in the month (or the beginning of the month when it was known to be down then) to the end of the month, its retirement, or the newest sample of the fleet, whichever comes first. Time in maintenance or retired does not count, from when the inventory was told of it. Boards without a sample and without a known outage in the month are left out.',
  ],
  [
    'Down',
    'While a board is missing from its node (gpu_lost) or its node does not answer (node_silent), from a warning on; and from the beginning of a critical episode that asks for a reset, a reboot, a drain or another board until the reset that ended it. Where no reset was seen: until the last sign of the episode. Where it failed: until the episode ended. Conditions without a pause between them are one outage.',
  ],
  [
    'Availability',
    'Time in service without the time down, divided by the time in service. Groups add up the times of their boards.',
  ],
  ['Failures', 'Outages that began in the month while the board was in service.'],
  ['Time to repair (MTTR)', 'Mean length of the outages that ended in the month, from their own beginning on.'],
  ['Time between failures (MTBF)', 'Time in service without the time down, divided by the failures of the month.'],
  ['Breaches', 'Boards whose own availability is below the target.'],
];
