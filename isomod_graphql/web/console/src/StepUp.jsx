// Asks for the password again when an operation needs a fresh proof; runs nothing by itself.
import { useEffect, useRef, useState } from 'react';
import { Field } from './Card.jsx';
import { stepUp } from './session.js';

export default function StepUp({ onConfirmed, onCancel }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const dialog = useRef(null);
  const password = useRef(null);

  // As a modal dialog it keeps the focus inside and gives it back to the editor at the end.
  useEffect(() => {
    const element = dialog.current;
    element.showModal();
    return () => element.close();
  }, []);

  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await stepUp(password.current.value);
      onConfirmed();
    } catch (error) {
      setBusy(false);
      setProblem(error.message);
      password.current?.select();
    }
  }

  return (
    <dialog ref={dialog} className="step-up" aria-labelledby="step-up-title" onCancel={onCancel}>
      <form className="sign-in-form" onSubmit={submit}>
        <h2 id="step-up-title">Confirm your password</h2>
        <p className="step-up-why">This operation needs a fresh proof that it is you. It was not carried out.</p>
        <Field label="Password" name="password" type="password" autoComplete="current-password" required autoFocus
          inputRef={password} />
        {problem && <p role="alert" className="sign-in-problem">{problem}</p>}
        <div className="step-up-buttons">
          <button type="button" className="console-button" onClick={onCancel}>
            Cancel
          </button>
          <button type="submit" className="console-button console-button-main" disabled={busy} aria-busy={busy}>
            {busy ? 'Confirming…' : 'Confirm'}
          </button>
        </div>
      </form>
    </dialog>
  );
}
