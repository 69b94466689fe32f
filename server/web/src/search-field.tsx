/** The search of a page; `/` leads to it, Escape empties it. */
export function SearchField(props: {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
}) {
  const { label, placeholder, value, onInput } = props;
  return (
    <label class="search">
      <span class="hidden">{label}</span>
      <input
        type="search"
        value={value}
        placeholder={placeholder}
        aria-keyshortcuts="/"
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.currentTarget.blur();
          onInput('');
        }}
      />
      <span class="key" aria-hidden="true">
        /
      </span>
    </label>
  );
}
