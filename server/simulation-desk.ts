import { VitalsError } from '../pipeline/contract/errors.ts';

export interface Story {
  readonly name: string;
  readonly category: string;
  readonly description: string;
}

/** A story that was told to happen; epoch ms of the fleet's own time. */
export interface InjectedStory {
  readonly id: string;
  readonly story: string;
  readonly gpu_uuid: string;
  readonly since_ms: number;
  readonly until_ms: number;
}

/** The simulated fleet, for the API: the same way in as the command `inject`. */
export interface SimulationDesk {
  /** Throws GV-API-006 where the fleet is no simulated one, GV-API-003 while it does not answer. */
  stories(): Promise<readonly Story[]>;
  /** Throws these, GV-API-002 for a GPU that it does not know, and GV-API-001 for a story that it does not know or that cannot happen there. */
  inject(story: string, gpu_uuid: string): Promise<InjectedStory>;
}

const ANSWER_MS = 5_000;

/** `url`: where the fleet is served; null while it is not. */
export function simulationDesk(options: {
  readonly simulated: boolean;
  readonly url: () => string | null;
}): SimulationDesk {
  async function ask(path: string, init: RequestInit = {}): Promise<unknown> {
    if (!options.simulated) {
      throw new VitalsError('GV-API-006', 'The fleet is not simulated: nothing can be injected', '', {
        action: 'Start one without targets, `gpu-vitals up`, or ask the program that runs the simulated fleet.',
      });
    }
    const url = options.url();
    if (url === null) throw new VitalsError('GV-API-003', 'The simulated fleet is not there yet', '');
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(ANSWER_MS) });
      answer = await response.json();
    } catch (cause) {
      throw new VitalsError('GV-API-003', 'The simulated fleet does not answer', url, { cause });
    }
    if (response.ok) return answer;
    const { detail } = answer as { detail?: string };
    const code = response.status === 404 ? 'GV-API-002' : response.status < 500 ? 'GV-API-001' : 'GV-API-004';
    throw new VitalsError(code, detail ?? 'The simulated fleet refused it', '');
  }
  return {
    stories: async () => (await ask('/stories')) as readonly Story[],
    inject: async (story, gpu_uuid) =>
      (await ask('/inject', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ story, gpu_uuid }),
      })) as InjectedStory,
  };
}
