import { useState } from 'preact/hooks';
import { Brand } from './brand.tsx';

/** Asks for an API key, which stays in this tab only. */
export function SignIn(props: { readonly said: string | null; readonly onKey: (key: string) => void }) {
  const [key, setKey] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (key.trim() !== '') props.onKey(key.trim());
  };
  return (
    <main class="alone" data-testid="sign-in">
      <Brand />
      <form class="entry-form" onSubmit={submit}>
        <div class="field wide">
          <label for="key">API key</label>
          <input
            id="key"
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
            aria-describedby="key-help"
            data-testid="sign-in-key"
          />
        </div>
        {props.said !== null && (
          <p class="wide critical small" role="alert">
            {props.said}
          </p>
        )}
        <p id="key-help" class="wide quiet small">
          `gpu-vitals keys create --name you --role viewer` makes one. It is kept in this tab until it is closed.
        </p>
        <div class="buttons">
          <button type="submit" class="act" data-testid="sign-in-submit">
            Sign in
          </button>
        </div>
      </form>
    </main>
  );
}
