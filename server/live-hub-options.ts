import type { Clock } from '../pipeline/clock.ts';
import type { ErrorCode } from '../pipeline/contract/error-catalogue.ts';
import type { LiveLimits } from './live-limits.ts';
import type { LiveTold } from './live-told.ts';
import type { LiveTopics } from './live-topics.ts';
import type { Gate } from './security/gate.ts';
import type { LiveTenants } from './security/live-tenants.ts';

export interface LiveHubOptions {
  readonly clock: Clock;
  readonly topics: LiveTopics;
  /** Topics of tenants; nobody has one when absent. */
  readonly tenants?: Pick<LiveTenants, 'topics' | 'prepare' | 'all'>;
  readonly limits?: Partial<LiveLimits>;
  /** Who may listen; everybody when absent. */
  readonly gate?: Gate;
  /** A proxy in front tells where sockets come from; false when absent. */
  readonly behind_proxy?: boolean;
  /** Told of every delta that was sent; nobody when absent. */
  readonly told?: LiveTold;
  /** Told of everything that a socket is refused; nobody when absent. */
  readonly onRefused?: (code: ErrorCode, detail: string) => void;
}
