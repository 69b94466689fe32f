/** When a training on what is stored trains the recurrent network too. */
export const RETRAIN_NETWORK = ['auto', 'always', 'never'] as const;

/**
 * Boards that must have failed for `auto`. One in four of them judges: of fifty some twelve, among which a difference in loss is more
 * than the luck of one of them; and of the 38 others a network that knows simulated fleets can learn, while one that knows
 * nothing would need hundreds.
 */
export const NETWORK_FAILING_MIN = 50;
