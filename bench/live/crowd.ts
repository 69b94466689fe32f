import { answerCalls } from './child-calls.ts';
import { Crowd, type CrowdOrder } from './crowd-sockets.ts';

/** Process: the subscribers of the live bench. */
let crowd: Crowd | null = null;

const known = (): Crowd => {
  if (crowd === null) throw new Error('nobody is there yet');
  return crowd;
};

answerCalls({
  gather(order: CrowdOrder) {
    crowd = new Crowd(order);
    return crowd.connect(false);
  },
  again: ({ since }: { since: boolean }) => known().connect(since),
  leave: () => known().leave(),
  stall: (group: string) => known().stall(group, true),
  unstall: (group: string) => known().stall(group, false),
  start: () => known().start(),
  report: () => known().report(),
});
