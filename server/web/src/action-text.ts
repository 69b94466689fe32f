import type { RecoveryAction } from '../../../pipeline/contract/events.ts';

/** A recovery action as one says it to somebody. */
export const ACTION_TEXT: Readonly<Record<RecoveryAction, string>> = {
  none: 'Nothing to do',
  restart_application: 'Restart the application',
  reset_gpu: 'Reset the GPU',
  reboot_node: 'Reboot the node',
  drain_and_reset: 'Drain the GPU and reset it',
  replace_gpu: 'Take the GPU out and replace it',
};

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
