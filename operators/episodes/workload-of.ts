/**
 * Ends of a pod's name that its controller makes up: `-7c9d8f6b5-x2k9p` of a Deployment, `-x2k9p` of a Job or DaemonSet (of the
 * letters and digits that Kubernetes uses for it), `-3` of a StatefulSet; and `_7` of an array's task.
 */
const MADE_UP = [/-[bcdf-hj-np-tv-z2-9]{8,10}-[bcdf-hj-np-tv-z2-9]{5}$/, /-[bcdf-hj-np-tv-z2-9]{5}$/, /[-_]\d+$/];

/**
 * What a job runs, as far as its name tells: `namespace/pod` without what the pod's controller has made up, so that replicas,
 * rollouts and retries of one program are one; a plain number, as of a batch system, stays itself. Pure.
 */
export function workloadOf(job: string): string {
  if (!/[a-z]/i.test(job)) return job;
  for (const end of MADE_UP) {
    const name = job.replace(end, '');
    if (name !== job && name !== '' && !name.endsWith('/')) return name;
  }
  return job;
}
