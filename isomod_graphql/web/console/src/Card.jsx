// What the pages before sign-in share: the card in the middle of the page, and a labelled field.
import { useId } from 'react';
import Mark from './Mark.jsx';

export default function Card({ title, children }) {
  return (
    <main className="sign-in">
      <section className="sign-in-card" aria-labelledby="card-title">
        <div className="sign-in-brand">
          <Mark size={40} />
          <h1 id="card-title">{title}</h1>
        </div>
        {children}
      </section>
    </main>
  );
}

export function Field({ label, hint, inputRef, ...input }) {
  const id = useId();
  return (
    <div className="sign-in-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} ref={inputRef} aria-describedby={hint ? `${id}-hint` : undefined} {...input} />
      {hint && (
        <p id={`${id}-hint`} className="sign-in-hint">
          {hint}
        </p>
      )}
    </div>
  );
}

export function MainButton({ busy, children }) {
  return (
    <button type="submit" className="console-button console-button-main" disabled={busy} aria-busy={busy}>
      {children}
    </button>
  );
}
