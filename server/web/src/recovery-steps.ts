import type { RecoveryAction } from '../../../pipeline/contract/events.ts';

/** One thing to do, with the command where there is one. */
export interface RecoveryStep {
  readonly text: string;
  readonly command: string;
}

export interface RecoveryTarget {
  readonly node: string;
  readonly gpu_uuid: string;
  /** `00000000:4E:00.0`; empty when nobody told. */
  readonly pci_bus_id: string;
}

const step = (text: string, command = ''): RecoveryStep => ({ text, command });

const cordon = ({ node }: RecoveryTarget): RecoveryStep =>
  step('Take no new work on the node', `kubectl cordon ${node}`);
const leave = ({ node }: RecoveryTarget): RecoveryStep =>
  step('Move the work that is on it', `kubectl drain ${node} --ignore-daemonsets --delete-emptydir-data`);
const idle = ({ gpu_uuid }: RecoveryTarget): RecoveryStep =>
  step('See that nothing uses the GPU', `nvidia-smi --id=${gpu_uuid} --query-compute-apps=pid,name --format=csv`);
const reset = ({ gpu_uuid, pci_bus_id }: RecoveryTarget): RecoveryStep =>
  step('Reset the GPU', `nvidia-smi --gpu-reset --id=${pci_bus_id || gpu_uuid}`);
const test = (): RecoveryStep => step('Test it before it works again', 'dcgmi diag --run 3');
const back = ({ node }: RecoveryTarget): RecoveryStep => step('Give the node back', `kubectl uncordon ${node}`);
const watch = (): RecoveryStep => step('Watch this page: the episode says whether the reset cured it');

const STEPS: Readonly<Record<RecoveryAction, readonly ((target: RecoveryTarget) => RecoveryStep)[]>> = {
  none: [],
  restart_application: [
    () => step('Restart the job that used the GPU, from its last checkpoint'),
    () => step('If the same code comes back on this GPU with another job, treat it as a fault of the GPU'),
  ],
  reset_gpu: [cordon, idle, reset, test, back, watch],
  drain_and_reset: [cordon, leave, idle, reset, test, back, watch],
  reboot_node: [
    cordon,
    leave,
    () => step('Restart the node; a GPU that fell off the bus may need the power to be off', 'systemctl reboot'),
    test,
    back,
    watch,
  ],
  replace_gpu: [
    cordon,
    leave,
    () => step('Keep the evidence below before the board leaves the node'),
    () => step('Write down when it failed, so that models learn from it: on the page Failures'),
    () => step('Take the board out and send it back, or put in a spare'),
    test,
    back,
  ],
};

/** How an action is carried out, in order, for one board. Commands are of kubectl, nvidia-smi and dcgmi as NVIDIA documents them. */
export const recoverySteps = (action: RecoveryAction, target: RecoveryTarget): readonly RecoveryStep[] =>
  STEPS[action].map((make) => make(target));
