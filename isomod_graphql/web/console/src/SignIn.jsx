// The sign-in form: asks for an organisation only when the person belongs to several.
import { useEffect, useId, useRef, useState } from 'react';
import Mark from './Mark.jsx';
import { signIn, SignInRefused } from './session.js';

export default function SignIn({ notice, onSignedIn }) {
  const [organisations, setOrganisations] = useState([]);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const choice = useRef(null);
  const password = useRef(null);

  useEffect(() => {
    if (organisations.length) choice.current?.focus();
  }, [organisations]);

  async function submit(event) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const input = { email: form.get('email').trim(), password: form.get('password') };
    if (form.get('organisation')) input.organisation = form.get('organisation');
    setBusy(true);
    setProblem(null);
    try {
      onSignedIn(await signIn(input));
    } catch (error) {
      setBusy(false);
      if (error instanceof SignInRefused && error.organisations.length && !input.organisation) {
        setOrganisations(error.organisations);
      } else {
        setProblem(error.message);
        password.current?.focus();
        password.current?.select();
      }
    }
  }

  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={submit} aria-labelledby="sign-in-title">
        <div className="sign-in-brand">
          <Mark size={40} />
          <h1 id="sign-in-title">Sign in to the IsoMod console</h1>
        </div>
        {notice && !problem && <p role="status" className="sign-in-notice">{notice}</p>}
        <Field label="E-mail address" name="email" type="email" autoComplete="username" autoFocus required
          spellCheck={false} onChange={() => setOrganisations([])} />
        <Field label="Password" name="password" type="password" autoComplete="current-password" required
          inputRef={password} />
        {organisations.length > 0 && <Organisations options={organisations} selectRef={choice} />}
        {problem && <p role="alert" className="sign-in-problem">{problem}</p>}
        <button type="submit" className="console-button console-button-main" disabled={busy} aria-busy={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
        <p className="sign-in-foot">
          What you see here follows your role. <a href="/privacy">Privacy policy</a>
        </p>
      </form>
    </main>
  );
}

function Field({ label, inputRef, ...input }) {
  const id = useId();
  return (
    <div className="sign-in-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} ref={inputRef} {...input} />
    </div>
  );
}

function Organisations({ options, selectRef }) {
  const id = useId();
  return (
    <div className="sign-in-field" role="status">
      <label htmlFor={id}>Organisation</label>
      <select id={id} name="organisation" ref={selectRef} required defaultValue="" aria-describedby={`${id}-why`}>
        <option value="" disabled>
          Choose one
        </option>
        {options.map((option) => (
          <option key={option.slug} value={option.slug}>
            {option.name}
          </option>
        ))}
      </select>
      <p id={`${id}-why`} className="sign-in-hint">
        You belong to several organisations.
      </p>
    </div>
  );
}
