import { z } from 'zod';

/** One thing that somebody did, or tried. */
export const auditEntrySchema = z.object({
  /** Epoch ms, by the clock of the process that answered. */
  at: z.number(),
  /** Name of the key or token; who ran a command on the machine; empty while there are no keys. */
  by: z.string(),
  key_id: z.string(),
  role: z.string(),
  tenant: z.string(),
  /** Address of the caller; `command line` for a command. */
  origin: z.string(),
  /** `POST /api/v1/models/:version/promote`, `keys revoke`. */
  action: z.string(),
  /** What it was done to: the path as asked, the id. */
  target: z.string(),
  /** HTTP status; 0 done and 1 failed for a command. */
  status: z.number(),
  /** What was asked for, JSON or a word about it; cut where it is long. */
  detail: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
