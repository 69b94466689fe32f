/** DCGM_CLOCKS_EVENT_REASON bits that the simulator sets. */
export const THROTTLE = {
  idle: 1,
  application_clocks: 2,
  power_cap: 4,
  hardware_slowdown: 8,
  software_thermal: 32,
  hardware_thermal: 64,
  power_brake: 128,
} as const;
