import type { EpisodeAnswer } from './answers.ts';
import { episodeAction, episodeCourse, episodeSpan, episodeTitle } from './episode-text.ts';
import { integer } from './format-value.ts';
import { metricLabel } from './metric-label.ts';
import { SeverityBadge } from './severity-badge.tsx';
import { xidText } from './xid-text.ts';

/** The fault stories of a GPU, those that go on first. The explanation opens below its line. */
export function EpisodeList(props: {
  readonly episodes: readonly EpisodeAnswer[];
  readonly failed: boolean;
  readonly now: number;
}) {
  const { failed, now } = props;
  const episodes = [...props.episodes].sort(
    (a, b) => Number(b.ended_at === null) - Number(a.ended_at === null) || (a.started_at < b.started_at ? 1 : -1),
  );
  const open = episodes.filter(({ ended_at }) => ended_at === null).length;
  return (
    <section class="card episodes" aria-labelledby="episodes-title">
      <h2 id="episodes-title">
        Episodes <span class="quiet">{integer(open)} going on</span>
      </h2>
      {episodes.length === 0 ? (
        <p class="quiet empty">{failed ? 'They cannot be read just now.' : 'No fault story is known of this GPU.'}</p>
      ) : (
        <ol data-testid="episode-list">
          {episodes.map((episode) => (
            <Entry key={episode.id} episode={episode} now={now} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Entry({ episode, now }: { readonly episode: EpisodeAnswer; readonly now: number }) {
  const { severity, xids, primary_xid, anomalies, explanation, action, ended_at, job } = episode;
  const course = episodeCourse(episode);
  return (
    <li class={ended_at === null ? 'open' : 'closed'} data-state={ended_at === null ? 'open' : 'closed'}>
      <details>
        <summary>
          <span class="line">
            <SeverityBadge severity={severity} />
            <b>{episodeTitle(episode)}</b>
          </span>
          <span class="quiet small">
            <span class={course === 'cured' ? 'good' : ''}>{course}</span>, {episodeSpan(episode, now)}
          </span>
        </summary>
        <p class="why">{explanation}</p>
        {job !== '' && <p class="quiet small">In use by {job}</p>}
      </details>
      {(xids.length > 1 || anomalies.length > 0) && (
        <ul class="chips" aria-label="XIDs and anomalies">
          {xids.map((xid) => (
            <li key={xid} class={xid === primary_xid ? 'primary' : ''} title={xidText(xid)}>
              XID {xid}
              {xid === primary_xid && xids.length > 1 && <span class="hidden"> (the one the others follow from)</span>}
            </li>
          ))}
          {anomalies.map((type) => (
            <li key={type}>{metricLabel(type)}</li>
          ))}
        </ul>
      )}
      {action !== 'none' && <span class="todo">{episodeAction(episode)}</span>}
    </li>
  );
}
