import { setTimeout as sleep } from 'node:timers/promises';
import { type ChaosPlan, type Fault, faultInWords, type Part } from './chaos-plan.ts';
import type { ChaosStage } from './chaos-stage.ts';

export interface ActOutOptions {
  readonly stage: ChaosStage;
  readonly plan: ChaosPlan;
  /** The tick that the fleet tells next. */
  readonly tick: () => number;
  readonly trace: (line: string) => void;
  readonly signal: AbortSignal;
  /** Bytes a second of a link that is slow. */
  readonly slow_bytes_per_second: number;
}

const LOOK_EVERY_MS = 10;

/** Lets a plan's faults happen, each at its time; resolves when the last of them is over and everything runs. */
export async function actOut(options: ActOutOptions): Promise<void> {
  const { stage, plan, trace, signal } = options;
  /** What is done to a part is done in order. */
  const turns = new Map<Part, Promise<void>>();
  const inTurn = (part: Part, work: () => Promise<void>): Promise<void> => {
    const done = (turns.get(part) ?? Promise.resolve()).then(work);
    turns.set(
      part,
      done.catch(() => undefined),
    );
    return done;
  };
  const counts = new Map<string, number>();
  /** Of faults of one kind at one place that overlap, the last one to end takes it away. */
  const during = async (name: string, for_ms: number, begin: () => void, end: () => void): Promise<void> => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    begin();
    await sleep(for_ms);
    const left = (counts.get(name) ?? 1) - 1;
    counts.set(name, left);
    if (left === 0) end();
  };

  const happen = async (fault: Fault): Promise<void> => {
    trace(`>>> ${faultInWords(fault)}`);
    switch (fault.kind) {
      case 'kill':
        await Promise.all(
          fault.parts.map((part) =>
            inTurn(part, async () => {
              const { again_ms } = fault;
              if (again_ms !== null) {
                const restarting = killPart(stage, part, fault.down_ms, trace);
                await sleep(fault.down_ms + again_ms);
                signalPart(stage, part, 'SIGKILL');
                await restarting;
              }
              await killPart(stage, part, again_ms === null ? fault.down_ms : 0, trace);
            }),
          ),
        );
        return;
      case 'stop':
        await inTurn(fault.part, async () => {
          signalPart(stage, fault.part, 'SIGSTOP');
          await sleep(fault.for_ms);
          signalPart(stage, fault.part, 'SIGCONT');
        });
        return;
      case 'cut':
      case 'stall':
      case 'slow': {
        const link = stage.links[fault.link];
        const begin = { cut: link.cut, stall: link.stall, slow: () => link.slow(options.slow_bytes_per_second) };
        await during(fault.link, fault.for_ms, begin[fault.kind], link.mend);
        return;
      }
      case 'disk_full': {
        const disk = stage.disks[fault.disk];
        if (disk === null) return;
        await during(`disk of ${fault.disk}`, fault.for_ms, disk.fill, disk.free);
        if (fault.disk === 'nats') await inTurn('nats', () => serveAgain(stage, trace));
      }
    }
  };

  await Promise.all(
    plan.faults.map(async ({ tick, after_ms, fault }) => {
      while (options.tick() < tick && !signal.aborted) await sleep(LOOK_EVERY_MS);
      await sleep(after_ms);
      if (!signal.aborted) await happen(fault);
    }),
  );
  await Promise.all(turns.values());
}

function signalPart(stage: ChaosStage, part: Part, signal: NodeJS.Signals): void {
  if (part === 'nats' || part === 'questdb') stage.services.kill(part, signal);
  else stage.processes[part].signal(signal);
}

async function killPart(stage: ChaosStage, part: Part, down_ms: number, trace: (line: string) => void): Promise<void> {
  if (part !== 'nats' && part !== 'questdb') {
    await stage.processes[part].kill(down_ms);
    return;
  }
  stage.services.kill(part, 'SIGKILL');
  await sleep(down_ms);
  for (;;) {
    try {
      await stage.services.restart(part);
      trace(`${part}: up again`);
      return;
    } catch (error) {
      // Killed once more while it started, or its disk is full.
      trace(`${part}: ${error instanceof Error ? error.message : String(error)}`);
      await sleep(200);
    }
  }
}

/** JetStream gives up for good when its disk is full: whoever made room starts the server anew. */
async function serveAgain(stage: ChaosStage, trace: (line: string) => void): Promise<void> {
  await sleep(500);
  trace('nats: started anew, there is room again');
  await stage.services.restart('nats').catch(() => killPart(stage, 'nats', 0, trace));
}
