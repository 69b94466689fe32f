import type { ComponentChildren } from 'preact';

/** A message in place of content: nothing yet, nothing at all, or what went wrong. */
export function Notice(props: {
  readonly title: string;
  readonly tone?: 'calm' | 'critical';
  readonly children?: ComponentChildren;
}) {
  return (
    <div class={`notice ${props.tone ?? 'calm'}`} role={props.tone === 'critical' ? 'alert' : 'status'}>
      <strong>{props.title}</strong>
      <div>{props.children}</div>
    </div>
  );
}
