import type { ConfigOption } from '../../client/api-client.ts';

/** Options with their values and where those come from. */
export function OptionList({ options, q }: { readonly options: readonly ConfigOption[]; readonly q: string }) {
  const words = q.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const shown = options.filter(({ option, value, help, section }) => {
    const text = `${option} ${section} ${help} ${JSON.stringify(value)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const sections = [...new Set(shown.map(({ section }) => section))];
  return (
    <div data-testid="options">
      {sections.map((section) => (
        <section key={section} aria-label={section || 'Options'}>
          <h2>{section}</h2>
          <dl class="setting-list">
            {shown
              .filter((one) => one.section === section)
              .map(({ option, value, origin, help }) => (
                <div key={option} data-option={option}>
                  <dt>
                    <b>{option}</b> {origin !== 'default' && <span class="mark-of">{origin}</span>}
                  </dt>
                  <dd>
                    <code>{valueText(value)}</code>
                    <p class="quiet small">{help}</p>
                  </dd>
                </div>
              ))}
          </dl>
        </section>
      ))}
      {shown.length === 0 && <p class="quiet">No option has these words.</p>}
    </div>
  );
}

const valueText = (value: unknown): string =>
  typeof value === 'string' ? value || 'empty' : value === null ? 'none' : JSON.stringify(value);
