import type { FleetNode } from '../fleet/layout.ts';
import type { Story, StorySchedule } from '../fleet/story-schedule.ts';

/** The stories of a plan, each handed to its nodes when it begins: a step never walks over what is months away. */
export function lifeSchedule(nodes: readonly FleetNode[], stories: readonly Story[]): StorySchedule {
  const waiting = stories.toSorted((a, b) => a.start_ms - b.start_ms || (a.id < b.id ? -1 : 1));
  const by_node: Story[][] = nodes.map(() => []);
  let next = 0;
  return {
    reach(ts_ms) {
      for (; next < waiting.length && (waiting[next] as Story).start_ms <= ts_ms; next++) {
        const story = waiting[next] as Story;
        for (const node of story.nodes) (by_node[node] as Story[]).push(story);
      }
    },
    forNode: (node) => by_node[node] as Story[],
    add() {
      throw new Error('a planned fleet takes no more stories');
    },
    truth: () => [],
  };
}
