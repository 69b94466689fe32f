import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** A button that asks first, and says why it could not be done. */
export function Confirmed(props: {
  readonly label: string;
  readonly question: string;
  readonly onConfirm: (why: string) => Promise<void>;
}) {
  const { label, question, onConfirm } = props;
  const [open, setOpen] = useState(false);
  const [doing, setDoing] = useState(false);
  const [why, setWhy] = useState('');
  const [failure, setFailure] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  // At once: a key that is pressed meanwhile is meant for it.
  useLayoutEffect(() => {
    if (open) field.current?.focus();
  }, [open]);
  const close = (): void => {
    setOpen(false);
    setFailure('');
    setWhy('');
    // Where the keyboard was before.
    setTimeout(() => button.current?.focus());
  };
  const confirm = async (event: Event): Promise<void> => {
    event.preventDefault();
    setDoing(true);
    setFailure('');
    try {
      await onConfirm(why.trim());
      close();
    } catch (error) {
      setFailure((error as Error).message);
    } finally {
      setDoing(false);
    }
  };
  if (!open) {
    return (
      <button type="button" ref={button} onClick={() => setOpen(true)}>
        {label}
      </button>
    );
  }
  return (
    <form
      class="confirm"
      aria-label={label}
      onSubmit={confirm}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        close();
      }}
    >
      <p>{question}</p>
      <label>
        <span class="hidden">Why, for the history</span>
        <input
          ref={field}
          value={why}
          maxLength={1_000}
          placeholder="Why, for the history"
          onInput={(event) => setWhy(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="act" disabled={doing}>
        {label}
      </button>
      <button type="button" onClick={close}>
        Leave it
      </button>
      {failure !== '' && (
        <p class="critical wide" role="alert">
          {failure}
        </p>
      )}
    </form>
  );
}
