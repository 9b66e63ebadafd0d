// Asks as whom to look and for the password; the server decides whether the person may be looked at.
import { useEffect, useRef, useState } from 'react';
import { Field } from './Card.jsx';
import { people, startViewAs } from './session.js';
import { readable } from './roles.js';

const PAUSE_MS = 250;

function described(person) {
  const roles = [...new Set((person.roles ?? []).map((grant) => readable(grant.role)))];
  return roles.length ? `${person.displayName} (${roles.join(', ')})` : person.displayName;
}

export default function ViewAsDialog({ onClose }) {
  const [start, setStart] = useState('');
  const [found, setFound] = useState([]);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const dialog = useRef(null);
  const password = useRef(null);

  useEffect(() => {
    const element = dialog.current;
    element.showModal();
    return () => element.close();
  }, []);

  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(() => {
      people(start)
        .then((nodes) => wanted && setFound(nodes))
        .catch((error) => wanted && setProblem(error.message));
    }, PAUSE_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [start]);

  async function submit(event) {
    event.preventDefault();
    const id = new FormData(event.currentTarget).get('person');
    const person = found.find((one) => one.id === id);
    setBusy(true);
    setProblem(null);
    try {
      await startViewAs(person, password.current.value);
      onClose();
    } catch (error) {
      setBusy(false);
      setProblem(error.message);
    }
  }

  return (
    <dialog ref={dialog} className="step-up" aria-labelledby="view-as-title" onCancel={onClose}>
      <form className="sign-in-form" onSubmit={submit}>
        <h2 id="view-as-title">View as another person</h2>
        <p className="step-up-why">
          The editor shows for a quarter of an hour what this person sees, and nothing that you may not see yourself. It is
          put on record with both names.
        </p>
        <Field label="Name begins with" name="start" type="search" autoComplete="off" autoFocus value={start}
          onChange={(event) => setStart(event.target.value)} />
        <label className="view-as-people">
          Person
          <select name="person" size={6} required>
            {found.map((person) => (
              <option key={person.id} value={person.id}>
                {described(person)}
              </option>
            ))}
          </select>
        </label>
        <Field label="Your password" name="password" type="password" autoComplete="current-password" required
          inputRef={password} />
        {problem && <p role="alert" className="sign-in-problem">{problem}</p>}
        <div className="step-up-buttons">
          <button type="button" className="console-button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="console-button console-button-main" disabled={busy} aria-busy={busy}>
            {busy ? 'Asking…' : 'View as'}
          </button>
        </div>
      </form>
    </dialog>
  );
}
