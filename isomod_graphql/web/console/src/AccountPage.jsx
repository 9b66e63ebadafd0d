// A page that a letter leads to, and the one that asks for a letter; it learns from the server only whether it worked.
import { useRef, useState } from 'react';
import { carryOut } from './anonymous.js';
import Card, { Field, MainButton } from './Card.jsx';
import * as documents from './operations.js';

const PAGES = {
  'accept-invitation': {
    field: 'acceptInvitation',
    query: documents.ACCEPT_INVITATION,
    asks: 'password',
    input: (token, password) => ({ token, password }),
  },
  'reset-password': {
    field: 'resetPassword',
    query: documents.RESET_PASSWORD,
    asks: 'password',
    input: (token, newPassword) => ({ token, newPassword }),
  },
  'verify-email': {
    field: 'verifyEmail',
    query: documents.VERIFY_EMAIL,
    input: (token) => ({ token }),
  },
  'change-email': {
    field: 'confirmEmailChange',
    query: documents.CONFIRM_EMAIL_CHANGE,
    input: (token) => ({ token }),
  },
  'forgot-password': {
    field: 'requestPasswordReset',
    query: documents.REQUEST_PASSWORD_RESET,
    asks: 'email',
    input: (_token, email) => ({ email: email.trim() }),
  },
};

// After these the link is of no use any more, so the form goes away.
const OVER = new Set(['TOKEN_INVALID', 'CONFLICT']);

export default function AccountPage({ page, token, words }) {
  const { field, query, asks, input } = PAGES[page];
  const [state, setState] = useState(asks === 'email' || token ? 'asking' : 'no-token');
  const [problem, setProblem] = useState(null);
  const given = useRef(null);

  async function submit(event) {
    event.preventDefault();
    setState('busy');
    setProblem(null);
    try {
      await carryOut(field, query, input(token, given.current?.value));
      setState('done');
    } catch (refusal) {
      setProblem(words.problems[refusal.code] ?? refusal.message ?? words.problems.UNREACHABLE);
      setState(OVER.has(refusal.code) ? 'over' : 'asking');
      given.current?.focus();
      given.current?.select();
    }
  }

  if (state === 'done') {
    return (
      <Card title={words.doneTitle}>
        <p role="status" className="sign-in-notice">{words.done}</p>
        <SignInLink words={words} />
      </Card>
    );
  }
  if (state === 'no-token' || state === 'over') {
    return (
      <Card title={words.title}>
        <p role="alert" className="sign-in-problem">{problem ?? words.noToken}</p>
        {words.again && <p className="account-lead">{words.again}</p>}
        {page === 'reset-password' && <a href="/account/forgot-password">{words.askAgain}</a>}
        <SignInLink words={words} />
      </Card>
    );
  }
  return (
    <Card title={words.title}>
      <form className="sign-in-form" onSubmit={submit}>
        <p className="account-lead">{words.lead}</p>
        {asks === 'email' && (
          <Field label={words.email} type="email" autoComplete="username" autoFocus required spellCheck={false}
            inputRef={given} />
        )}
        {asks === 'password' && <NewPassword words={words} inputRef={given} />}
        {problem && <p role="alert" className="sign-in-problem">{problem}</p>}
        <MainButton busy={state === 'busy'}>{words.button}</MainButton>
      </form>
    </Card>
  );
}

function NewPassword({ words, inputRef }) {
  const [shown, setShown] = useState(false);
  return (
    <>
      <Field label={words.password} hint={words.passwordHint} type={shown ? 'text' : 'password'}
        autoComplete="new-password" autoCapitalize="off" spellCheck={false} maxLength={128} autoFocus required
        inputRef={inputRef} />
      <label className="account-show">
        <input type="checkbox" checked={shown} onChange={(event) => setShown(event.target.checked)} />
        {words.showPassword}
      </label>
    </>
  );
}

function SignInLink({ words }) {
  return (
    <a className="console-button console-button-main" href="/graphiql">
      {words.signIn}
    </a>
  );
}
