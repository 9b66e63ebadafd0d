// The sign-in form of the console; what was typed leaves it only towards the server.
import { useRef, useState } from 'react';
import Card, { Field, MainButton } from './Card.jsx';
import { signIn } from './session.js';

export default function SignIn({ notice, onSignedIn }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const password = useRef(null);

  async function submit(event) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(null);
    try {
      onSignedIn(await signIn({ email: form.get('email').trim(), password: form.get('password') }));
    } catch (error) {
      setBusy(false);
      setProblem(error.message);
      password.current?.focus();
      password.current?.select();
    }
  }

  return (
    <Card title="Sign in to IsoMod">
      <form className="sign-in-form" onSubmit={submit}>
        {notice && !problem && <p role="status" className="sign-in-notice">{notice}</p>}
        <Field label="E-mail address" name="email" type="email" autoComplete="username" autoFocus required
          spellCheck={false} />
        <Field label="Password" name="password" type="password" autoComplete="current-password" required
          inputRef={password} />
        {problem && <p role="alert" className="sign-in-problem">{problem}</p>}
        <MainButton busy={busy}>{busy ? 'Signing in…' : 'Sign in'}</MainButton>
        <p className="sign-in-foot">
          <a href="/account/forgot-password">Forgot your password?</a>
        </p>
      </form>
    </Card>
  );
}
