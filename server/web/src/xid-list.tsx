import { xidEntry } from '../../../pipeline/contract/xids.ts';
import { ACTION_TEXT, capital } from './action-text.ts';
import { SeverityBadge } from './severity-badge.tsx';

/** What each code of a story means, what it asks for, and whether another one brought it about. */
export function XidList({ xids, primary }: { readonly xids: readonly number[]; readonly primary: number | null }) {
  if (xids.length === 0) return null;
  return (
    <ul class="xid-list" aria-label="XIDs explained">
      {xids.map((xid) => {
        const { name, severity, category, meaning, first, next, by_application } = xidEntry(xid);
        const steps =
          first === next ? ACTION_TEXT[first] : `${ACTION_TEXT[first]}; if it comes back: ${ACTION_TEXT[next]}`;
        return (
          <li key={xid}>
            <span class="line">
              <b>
                XID {xid}: {name}
              </b>
              <SeverityBadge severity={severity} />
              <span class="quiet small">{category}</span>
              {xid === primary
                ? xids.length > 1 && <span class="quiet small">the one the others follow from</span>
                : primary !== null && <span class="quiet small">follows from XID {primary}</span>}
            </span>
            {meaning !== '' && <p>{meaning}</p>}
            {by_application && <p class="quiet">A faulty program alone can cause it on healthy hardware.</p>}
            {first !== 'none' && <span class="todo">{capital(steps)}</span>}
          </li>
        );
      })}
    </ul>
  );
}
