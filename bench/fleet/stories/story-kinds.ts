import { busStories, fabricStories } from './bus-fabric.ts';
import { driverStories, sensorStories, stragglerStories } from './driver-sensor.ts';
import { lookAlikes } from './look-alikes.ts';
import { memoryStories } from './memory.ts';
import type { StoryKind } from './story-kind.ts';
import { powerStories, thermalStories } from './thermal-power.ts';

/** Every story that the simulator can tell. */
export const STORY_KINDS: readonly StoryKind[] = [
  ...memoryStories,
  ...thermalStories,
  ...powerStories,
  ...busStories,
  ...fabricStories,
  ...driverStories,
  ...sensorStories,
  ...stragglerStories,
  ...lookAlikes,
];

/** What a person can inject, in one line each. */
export const STORIES: readonly { readonly name: string; readonly category: string; readonly description: string }[] =
  STORY_KINDS.map(({ name, category, description }) => ({ name, category, description }));

export const findStoryKind = (name: string): StoryKind | undefined => STORY_KINDS.find((kind) => kind.name === name);
